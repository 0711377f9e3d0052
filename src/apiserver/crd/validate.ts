import { duplicate, invalid, notSupported, required } from '../../schema/field-error.ts'
import type { FieldError } from '../../schema/kind.ts'
import { structuralErrors } from '../../schema/structural/errors.ts'
import type { JsonSchema } from '../../schema/structural/schema.ts'
import { jsonEqual } from '../../wire/json/value.ts'
import { conversionErrors } from './conversion/validate.ts'
import type { Definition, DefinitionVersion } from './definition.ts'
import { conditionIs } from './definition.ts'
import { parseJsonPath } from './json-path.ts'

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+$/
const KIND = /^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$/
const LABEL_TEXT =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"

/** What is wrong with a definition, in the words of k8s.io/apiextensions-apiserver's validation. */
export function definitionErrors(definition: Definition, old?: Definition): readonly FieldError[] {
  const { metadata, spec } = definition
  const name = `${spec.names.plural}.${spec.group}`
  return [
    ...(metadata.name === name
      ? []
      : [invalid('metadata.name', metadata.name, 'must be spec.names.plural+"."+spec.group')]),
    ...approvalErrors(definition),
    ...(SUBDOMAIN.test(spec.group)
      ? []
      : [invalid('spec.group', spec.group, 'should be a domain with at least one dot')]),
    ...(spec.scope === 'Cluster' || spec.scope === 'Namespaced'
      ? []
      : [notSupported('spec.scope', spec.scope, ['Cluster', 'Namespaced'])]),
    ...nameErrors(definition),
    ...versionsErrors(spec.versions, old?.spec.versions),
    ...conversionErrors(spec.conversion, old?.spec.conversion),
    ...(old ? immutableErrors(definition, old) : []),
  ]
}

/** Groups of the Kubernetes community want to be approved. */
function approvalErrors({ metadata, spec }: Definition): FieldError[] {
  if (!/(^|\.)(k8s|kubernetes)\.io$/.test(spec.group)) return []
  if (metadata.annotations?.['api-approved.kubernetes.io']) return []
  return [
    required(
      'metadata.annotations[api-approved.kubernetes.io]',
      'protected groups must have approval annotation "api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111',
    ),
  ]
}

function nameErrors({ spec }: Definition): FieldError[] {
  const { plural, singular, kind, listKind, shortNames = [] } = spec.names
  const errors: FieldError[] = []
  if (!LABEL.test(plural)) errors.push(invalid('spec.names.plural', plural, LABEL_TEXT))
  if (singular && !LABEL.test(singular)) errors.push(invalid('spec.names.singular', singular, LABEL_TEXT))
  if (!KIND.test(kind))
    errors.push(invalid('spec.names.kind', kind, `may have mixed case, but should otherwise match: ${LABEL_TEXT}`))
  if (listKind && !KIND.test(listKind))
    errors.push(
      invalid('spec.names.listKind', listKind, `may have mixed case, but should otherwise match: ${LABEL_TEXT}`),
    )
  if (listKind && listKind === kind)
    errors.push(invalid('spec.names.listKind', listKind, 'kind and listKind may not be the same'))
  for (const [index, name] of shortNames.entries())
    if (!LABEL.test(name)) errors.push(invalid(`spec.names.shortNames[${index}]`, name, LABEL_TEXT))
  return errors
}

function versionsErrors(
  versions: readonly DefinitionVersion[],
  before: readonly DefinitionVersion[] = [],
): FieldError[] {
  const errors: FieldError[] = []
  if (versions.length === 0) errors.push(required('spec.versions', 'must have at least one version'))
  if (versions.length > 0 && versions.filter(({ storage }) => storage).length !== 1)
    errors.push(invalid('spec.versions', 'versions', 'must have exactly one version marked as storage version'))
  const seen = new Set<string>()
  for (const [index, version] of versions.entries()) {
    const path = `spec.versions[${index}]`
    if (seen.has(version.name)) errors.push(duplicate(`${path}.name`, version.name))
    seen.add(version.name)
    if (!LABEL.test(version.name)) errors.push(invalid(`${path}.name`, version.name, LABEL_TEXT))
    errors.push(
      ...versionErrors(
        version,
        before.find(({ name }) => name === version.name),
        path,
      ),
    )
  }
  return errors
}

function versionErrors(version: DefinitionVersion, before: DefinitionVersion | undefined, path: string): FieldError[] {
  const schema = version.schema?.openAPIV3Schema as JsonSchema | undefined
  const errors: FieldError[] = []
  if (!schema) errors.push(required(`${path}.schema.openAPIV3Schema`, 'schemas are required'))
  else {
    const is = before && jsonEqual(schema, before.schema?.openAPIV3Schema) ? 'known' : 'new'
    errors.push(...structuralErrors(schema, `${path}.schema.openAPIV3Schema`, is))
  }
  for (const [index, { jsonPath }] of (version.additionalPrinterColumns ?? []).entries())
    if (!jsonPath.startsWith('.') || !parseJsonPath(jsonPath))
      errors.push(invalid(`${path}.additionalPrinterColumns[${index}].jsonPath`, jsonPath, 'is an invalid expression'))
  return errors
}

/** Once in use, a kind keeps its place. */
function immutableErrors(definition: Definition, old: Definition): FieldError[] {
  const errors: FieldError[] = []
  const fixed = 'field is immutable'
  if (definition.spec.group !== old.spec.group) errors.push(invalid('spec.group', definition.spec.group, fixed))
  if (definition.spec.names.plural !== old.spec.names.plural)
    errors.push(invalid('spec.names.plural', definition.spec.names.plural, fixed))
  if (conditionIs(old, 'Established', 'True')) {
    if (definition.spec.scope !== old.spec.scope) errors.push(invalid('spec.scope', definition.spec.scope, fixed))
    if (definition.spec.names.kind !== old.spec.names.kind)
      errors.push(invalid('spec.names.kind', definition.spec.names.kind, fixed))
  }
  for (const [index, name] of (definition.status?.storedVersions ?? []).entries())
    if (!definition.spec.versions.some(version => version.name === name))
      errors.push(invalid(`status.storedVersions[${index}]`, name, 'must appear in spec.versions'))
  return errors
}
