/** Objects with faults, for what a real API server says of them: testdata/answers.json, by their names. */

const RULE = { apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['deployments'] }
const MATCH = { resourceRules: [RULE] }
const PARAMS = { paramKind: { apiVersion: 'v1', kind: 'ConfigMap' } }

const policy = (spec: object) => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingAdmissionPolicy',
  metadata: { name: 'p' },
  spec: { failurePolicy: 'Fail', matchConstraints: MATCH, ...spec },
})
const rule = (expression: string, more: object = {}) => policy({ validations: [{ expression, ...more }] })
const message = (messageExpression: string, more: object = {}) => rule('true', { messageExpression, ...more })
const condition = (expression: string, more: object = {}) =>
  policy({ matchConditions: [{ name: 'c', expression }], validations: [{ expression: 'true' }], ...more })
const variable = (expression: string, use: string) =>
  policy({ variables: [{ name: 'v', expression }], validations: [{ expression: use }] })
const audit = (valueExpression: string, key = 'k') => policy({ auditAnnotations: [{ key, valueExpression }] })

const webhook = (more: object) => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingWebhookConfiguration',
  metadata: { name: 'w' },
  webhooks: [
    {
      name: 'a.example.com',
      clientConfig: { url: 'https://example.com/x' },
      rules: [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*'] }],
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
      ...more,
    },
  ],
})
const ruleOf = (more: object) => webhook({ rules: [{ ...RULE, ...more }] })

export const CASES: Readonly<Record<string, object>> = {
  'a rule': rule("object.spec.replicas <= 5 && request.userInfo.username != 'x'"),
  'syntax of the end of a name': rule('object.spec.nosuch > 1'),
  'a function that does not exist': rule('nosuch(object)'),
  'no truth': rule('1'),
  'what may be a truth': rule('object.spec.paused'),
  'a text': rule("'a'"),
  'a list': rule('[1]'),
  'a null': rule('null'),
  'a time': rule("timestamp('2026-01-01T00:00:00Z')"),
  'a field of the request': rule("request.nosuch == 'x'"),
  'a field of the user': rule("request.userInfo.groups.exists(g, g == 'a') && request.userInfo.extra['x'][0] == 'y'"),
  'a number for a text': rule('request.name == 1'),
  'the kind of the request': rule("request.kind.kind == 'Deployment' && request.resource.resource == 'x'"),
  'the object of the request': rule("request.object.metadata.name == 'x'"),
  'the namespace': rule("namespaceObject.metadata.labels['a'] == 'b' && namespaceObject.status.phase == 'Active'"),
  'what expressions do not see of namespaces': rule("namespaceObject.metadata.managedFields == 'b'"),
  'parameters that there are not': rule('params.max > 1'),
  parameters: policy({ ...PARAMS, validations: [{ expression: 'params.max > 1' }] }),
  'the authorizer': rule("authorizer.group('').resource('pods').check('get').allowed()"),
  'the authorizer of the request': rule("authorizer.requestResource.check('get').allowed()"),
  'too little for the authorizer': rule("authorizer.check('get').allowed()"),
  'variables that there are not': rule('variables.v > 1'),
  'a variable': variable('object.spec.replicas', 'variables.v > 1'),
  'a variable of a type': variable('1', "variables.v == 'a'"),
  'another variable': variable('1', 'variables.w == 1'),
  'a list as variable': variable('[1]', "variables.v[0] == 'a'"),
  'a user as variable': variable('request.userInfo', 'variables.v.nosuch == 1'),
  'a time as variable': variable("timestamp('2026-01-01T00:00:00Z')", 'variables.v == 1'),
  'a variable that fails': variable('nosuch', 'variables.v == 1'),
  'a variable without expression': variable(' ', 'true'),
  'a variable of another': policy({
    variables: [
      { name: 'a', expression: '1' },
      { name: 'b', expression: 'variables.a + 1' },
      { name: 'c', expression: "variables.d + 'x'" },
      { name: 'd', expression: "variables.a + 'x'" },
    ],
    validations: [{ expression: 'variables.b > 1' }],
  }),
  'a variable without a name': policy({
    variables: [{ name: 'a-b', expression: '1' }],
    validations: [{ expression: 'true' }],
  }),
  'a message': message("'a' + string(object.spec.replicas)"),
  'a message of a number': message('1'),
  'a message of anything': message('object.spec.x'),
  'a message of the authorizer': message("authorizer.group('').resource('pods').check('get').reason()"),
  'a blank message': message(' '),
  'a plain message of blanks': rule('true', { message: ' ' }),
  'a message of two lines': rule('true', { message: 'a\nb' }),
  'a reason': rule('true', { reason: 'Forbidden' }),
  'another reason': rule('true', { reason: 'Nonsense' }),
  'a blank expression': rule(' '),
  'no expressions': policy({}),
  'no rules': policy({ matchConstraints: {}, validations: [{ expression: 'true' }] }),
  'no constraints': policy({ matchConstraints: undefined, validations: [{ expression: 'true' }] }),
  'a condition': condition("request.namespace != 'x'"),
  'a condition of no truth': condition('1'),
  'a condition with blanks around': condition('  nosuch  '),
  'a blank condition': condition(' '),
  'a condition on parameters': condition('params.x', {}),
  'a condition on parameters that there are': condition("params.x == '1'", PARAMS),
  'a condition on variables': condition('variables.x == 1'),
  'an annotation': audit("'a'"),
  'an annotation of nothing': audit('null'),
  'an annotation of a number': audit('1'),
  'an annotation of anything': audit('object.x'),
  'a blank annotation': audit(' '),
  'an annotation of another key': audit("'a'", 'a b'),
  'two annotations of one key': policy({
    auditAnnotations: [
      { key: 'k', valueExpression: "'a'" },
      { key: 'k', valueExpression: "'b'" },
    ],
  }),
  'a webhook': webhook({}),
  'a short name': webhook({ name: 'a.b' }),
  'a bad name': webhook({ name: 'A.b.c' }),
  'side effects': webhook({ sideEffects: 'Some' }),
  'no dry run': webhook({ sideEffects: 'NoneOnDryRun' }),
  'too long a time': webhook({ timeoutSeconds: 31 }),
  'no time': webhook({ timeoutSeconds: 0 }),
  'no address': webhook({ clientConfig: {} }),
  'two addresses': webhook({
    clientConfig: { url: 'https://example.com', service: { namespace: 'a', name: 'b', port: 443 } },
  }),
  'a service': webhook({ clientConfig: { service: { namespace: 'a', name: 'b', path: '/x', port: 443 } } }),
  'a port of a service': webhook({ clientConfig: { service: { namespace: 'a', name: 'b', port: 0 } } }),
  'a path of a service': webhook({ clientConfig: { service: { namespace: 'a', name: 'b', path: 'x y', port: 443 } } }),
  'no TLS': webhook({ clientConfig: { url: 'http://example.com/x' } }),
  'a question': webhook({ clientConfig: { url: 'https://u@example.com/x?y#z' } }),
  'no versions': webhook({ admissionReviewVersions: [] }),
  'other versions': webhook({ admissionReviewVersions: ['v2'] }),
  'a version twice': webhook({ admissionReviewVersions: ['v1', 'v1'] }),
  'a bad version': webhook({ admissionReviewVersions: ['v1', 'V 2'] }),
  'no operations': ruleOf({ operations: [] }),
  'all operations and one': ruleOf({ operations: ['*', 'CREATE'] }),
  'another operation': ruleOf({ operations: ['READ'] }),
  'all groups and one': ruleOf({ apiGroups: ['*', 'apps'] }),
  'no groups': ruleOf({ apiGroups: [] }),
  'all versions and one': ruleOf({ apiVersions: ['*', 'v1'] }),
  'no resources': ruleOf({ resources: [] }),
  'a condition of a webhook': webhook({ matchConditions: [{ name: 'c', expression: "object.metadata.name == 'x'" }] }),
  'a condition of a webhook on nothing': webhook({ matchConditions: [{ name: 'c', expression: 'nosuch' }] }),
  'a condition of a webhook on parameters': webhook({ matchConditions: [{ name: 'c', expression: 'params.x' }] }),
}
