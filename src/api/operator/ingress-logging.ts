import type { InferMessage } from '../../schema/field.ts'
import { inline, int32, int64, list, message, one, ref, string } from '../../schema/field.ts'
import { HEADER_NAME } from '../route/header-rules.ts'

const GROUP = 'com.github.openshift.api.operator.v1'

export interface SyslogLoggingDestinationParameters extends InferMessage<typeof SyslogLoggingDestinationParameters> {}
export const SyslogLoggingDestinationParameters = message(
  `${GROUP}.SyslogLoggingDestinationParameters`,
  'A syslog server.',
  {
    address: string(0, 'Its address.', { required: true }),
    port: int64(0, 'Its port.', { required: true, minimum: 1, maximum: 65535 }),
    facility: string(0, 'The facility; local1 where absent.', {
      enum: [
        'kern',
        'user',
        'mail',
        'daemon',
        'auth',
        'syslog',
        'lpr',
        'news',
        'uucp',
        'cron',
        'auth2',
        'ftp',
        'ntp',
        'audit',
        'alert',
        'cron2',
        'local0',
        'local1',
        'local2',
        'local3',
        'local4',
        'local5',
        'local6',
        'local7',
      ],
    }),
    maxLength: int64(0, 'The longest message, in bytes.', { maximum: 4096, minimum: 480, default: 1024 }),
  },
)

export interface ContainerLoggingDestinationParameters
  extends InferMessage<typeof ContainerLoggingDestinationParameters> {}
export const ContainerLoggingDestinationParameters = message(
  `${GROUP}.ContainerLoggingDestinationParameters`,
  'A container beside the router.',
  {
    maxLength: int32(0, 'The longest message, in bytes.', { maximum: 8192, minimum: 480, default: 1024 }),
  },
)

export interface LoggingDestination extends InferMessage<typeof LoggingDestination> {}
export const LoggingDestination = message(`${GROUP}.LoggingDestination`, 'Where logs go.', {
  type: string(0, 'Syslog or Container.', { required: true, enum: ['Container', 'Syslog'] }),
  syslog: one(0, ref<SyslogLoggingDestinationParameters>(SyslogLoggingDestinationParameters), 'The syslog server.'),
  container: one(
    0,
    ref<ContainerLoggingDestinationParameters>(ContainerLoggingDestinationParameters),
    'The container.',
  ),
})

export interface IngressControllerCaptureHTTPHeader extends InferMessage<typeof IngressControllerCaptureHTTPHeader> {}
export const IngressControllerCaptureHTTPHeader = message(
  `${GROUP}.IngressControllerCaptureHTTPHeader`,
  'A header to log.',
  {
    name: string(0, 'The header.', { required: true, pattern: HEADER_NAME }),
    maxLength: int64(0, 'How much of it, in bytes.', { required: true, minimum: 1 }),
  },
)

export interface IngressControllerCaptureHTTPHeaders extends InferMessage<typeof IngressControllerCaptureHTTPHeaders> {}
export const IngressControllerCaptureHTTPHeaders = message(
  `${GROUP}.IngressControllerCaptureHTTPHeaders`,
  'Headers to log.',
  {
    request: list(0, ref<IngressControllerCaptureHTTPHeader>(IngressControllerCaptureHTTPHeader), 'Of requests.'),
    response: list(0, ref<IngressControllerCaptureHTTPHeader>(IngressControllerCaptureHTTPHeader), 'Of responses.'),
  },
)

export interface IngressControllerCaptureHTTPCookieUnion
  extends InferMessage<typeof IngressControllerCaptureHTTPCookieUnion> {}
export const IngressControllerCaptureHTTPCookieUnion = message(
  `${GROUP}.IngressControllerCaptureHTTPCookieUnion`,
  'A cookie, by name or prefix.',
  {
    matchType: string(0, 'Exact or Prefix.', { required: true, enum: ['Exact', 'Prefix'] }),
    name: string(0, 'Its name, for Exact.', { pattern: HEADER_NAME }),
    namePrefix: string(0, 'How its name begins, for Prefix.', { pattern: HEADER_NAME }),
  },
)

export interface IngressControllerCaptureHTTPCookie
  extends InferMessage<typeof IngressControllerCaptureHTTPCookie>,
    IngressControllerCaptureHTTPCookieUnion {}
export const IngressControllerCaptureHTTPCookie = message(
  `${GROUP}.IngressControllerCaptureHTTPCookie`,
  'A cookie to log.',
  {
    ingressControllerCaptureHTTPCookieUnion: inline(0, IngressControllerCaptureHTTPCookieUnion),
    maxLength: int64(0, 'How much of it, in bytes.', { required: true, minimum: 1, maximum: 1024 }),
  },
)

export interface AccessLogging extends InferMessage<typeof AccessLogging> {}
export const AccessLogging = message(`${GROUP}.AccessLogging`, 'A log of requests.', {
  destination: one(0, ref<LoggingDestination>(LoggingDestination), 'Where it goes.', { required: true }),
  httpLogFormat: string(0, 'The format of a line.'),
  httpCaptureHeaders: one(
    0,
    ref<IngressControllerCaptureHTTPHeaders>(IngressControllerCaptureHTTPHeaders),
    'Headers to log.',
  ),
  httpCaptureCookies: list(
    0,
    ref<IngressControllerCaptureHTTPCookie>(IngressControllerCaptureHTTPCookie),
    'Cookies to log.',
    { maxItems: 1 },
  ),
  logEmptyRequests: string(0, 'Whether connections without a request are logged.', {
    enum: ['Log', 'Ignore'],
    default: 'Log',
  }),
})

export interface IngressControllerLogging extends InferMessage<typeof IngressControllerLogging> {}
export const IngressControllerLogging = message(`${GROUP}.IngressControllerLogging`, 'What is logged.', {
  access: one(0, ref<AccessLogging>(AccessLogging), 'A log of requests.'),
})
