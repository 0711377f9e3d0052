import type { InferMessage } from '../../schema/field.ts'
import { inline, int32, int64, list, message, one, ref, string } from '../../schema/field.ts'

const GROUP = 'com.github.openshift.api.operator.v1'

export interface SyslogLoggingDestinationParameters extends InferMessage<typeof SyslogLoggingDestinationParameters> {}
export const SyslogLoggingDestinationParameters = message(`${GROUP}.SyslogLoggingDestinationParameters`, '', {
  address: string(0, '', { required: true }),
  port: int64(0, '', { required: true, minimum: 1, maximum: 65535 }),
  facility: string(0, '', {
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
  maxLength: int64(0, '', { maximum: 4096, minimum: 480, default: 1024 }),
})

export interface ContainerLoggingDestinationParameters
  extends InferMessage<typeof ContainerLoggingDestinationParameters> {}
export const ContainerLoggingDestinationParameters = message(`${GROUP}.ContainerLoggingDestinationParameters`, '', {
  maxLength: int32(0, '', { maximum: 8192, minimum: 480, default: 1024 }),
})

export interface LoggingDestination extends InferMessage<typeof LoggingDestination> {}
export const LoggingDestination = message(`${GROUP}.LoggingDestination`, '', {
  type: string(0, '', { required: true, enum: ['Container', 'Syslog'] }),
  syslog: one(0, ref<SyslogLoggingDestinationParameters>(SyslogLoggingDestinationParameters), ''),
  container: one(0, ref<ContainerLoggingDestinationParameters>(ContainerLoggingDestinationParameters), ''),
})

export interface IngressControllerCaptureHTTPHeader extends InferMessage<typeof IngressControllerCaptureHTTPHeader> {}
export const IngressControllerCaptureHTTPHeader = message(`${GROUP}.IngressControllerCaptureHTTPHeader`, '', {
  name: string(0, '', { required: true }),
  maxLength: int64(0, '', { required: true, minimum: 1 }),
})

export interface IngressControllerCaptureHTTPHeaders extends InferMessage<typeof IngressControllerCaptureHTTPHeaders> {}
export const IngressControllerCaptureHTTPHeaders = message(`${GROUP}.IngressControllerCaptureHTTPHeaders`, '', {
  request: list(0, ref<IngressControllerCaptureHTTPHeader>(IngressControllerCaptureHTTPHeader), ''),
  response: list(0, ref<IngressControllerCaptureHTTPHeader>(IngressControllerCaptureHTTPHeader), ''),
})

export interface IngressControllerCaptureHTTPCookieUnion
  extends InferMessage<typeof IngressControllerCaptureHTTPCookieUnion> {}
export const IngressControllerCaptureHTTPCookieUnion = message(`${GROUP}.IngressControllerCaptureHTTPCookieUnion`, '', {
  matchType: string(0, '', { required: true, enum: ['Exact', 'Prefix'] }),
  name: string(0, ''),
  namePrefix: string(0, ''),
})

export interface IngressControllerCaptureHTTPCookie
  extends InferMessage<typeof IngressControllerCaptureHTTPCookie>,
    IngressControllerCaptureHTTPCookieUnion {}
export const IngressControllerCaptureHTTPCookie = message(`${GROUP}.IngressControllerCaptureHTTPCookie`, '', {
  ingressControllerCaptureHTTPCookieUnion: inline(0, IngressControllerCaptureHTTPCookieUnion),
  maxLength: int64(0, '', { required: true, minimum: 1, maximum: 1024 }),
})

export interface AccessLogging extends InferMessage<typeof AccessLogging> {}
export const AccessLogging = message(`${GROUP}.AccessLogging`, '', {
  destination: one(0, ref<LoggingDestination>(LoggingDestination), '', { required: true }),
  httpLogFormat: string(0, ''),
  httpCaptureHeaders: one(0, ref<IngressControllerCaptureHTTPHeaders>(IngressControllerCaptureHTTPHeaders), ''),
  httpCaptureCookies: list(0, ref<IngressControllerCaptureHTTPCookie>(IngressControllerCaptureHTTPCookie), ''),
  logEmptyRequests: string(0, '', { enum: ['Log', 'Ignore'], default: 'Log' }),
})

export interface IngressControllerLogging extends InferMessage<typeof IngressControllerLogging> {}
export const IngressControllerLogging = message(`${GROUP}.IngressControllerLogging`, '', {
  access: one(0, ref<AccessLogging>(AccessLogging), ''),
})
