/** $(NAME) becomes the variable's value, $$ a dollar sign; a name that is not known stays as it is written. */
export function expand(text: string, env: Readonly<Record<string, string>>): string {
  return text.replace(/\$(\$|\(([^()]*)\))/g, (whole, dollar: string, name: string | undefined) => {
    if (dollar === '$') return '$'
    return name !== undefined && Object.hasOwn(env, name) ? env[name]! : whole
  })
}
