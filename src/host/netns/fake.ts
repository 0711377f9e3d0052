import type { Netns, NetnsDriver } from './mod.ts'

export interface FakeNetns extends NetnsDriver {
  /** What `within` is running in at this moment. */
  readonly current: Netns
  /** Called when a namespace has lost its name and every handle. */
  onGone(handler: (id: number) => void): void
}

/** Namespaces in memory. `fd` is the namespace's identity: the same in each handle of one namespace. */
export function fakeNetns(): FakeNetns {
  const named = new Map<string, number>()
  const handles = new Map<number, number>()
  const gone: ((id: number) => void)[] = []
  const home: Netns = { name: 'home', path: '/proc/1/ns/net', fd: 0 }
  let last = 0
  let current = home

  const handle = (name: string, id: number): Netns => {
    handles.set(id, (handles.get(id) ?? 0) + 1)
    return { name, path: `/run/netns/${name}`, fd: id }
  }
  const close = (netns: Netns): void => {
    const left = (handles.get(netns.fd) ?? 0) - 1
    if (left < 0) throw failure('EBADF', netns.name)
    handles.set(netns.fd, left)
    if (left === 0 && named.get(netns.name) !== netns.fd) for (const handler of gone) handler(netns.fd)
  }
  return {
    home,
    get current() {
      return current
    },
    onGone: handler => void gone.push(handler),
    create: name => {
      if (named.has(name)) throw failure('EEXIST', name)
      named.set(name, ++last)
      return handle(name, last)
    },
    open: name => {
      const id = named.get(name)
      if (id === undefined) throw failure('ENOENT', name)
      return handle(name, id)
    },
    openPath: path => {
      const name = path.replace(/^\/run\/netns\//, '')
      const id = named.get(name)
      if (id === undefined) throw failure('ENOENT', path)
      return handle(name, id)
    },
    list: () => [...named.keys()].sort(),
    remove: netns => {
      if (named.get(netns.name) === netns.fd) named.delete(netns.name)
      close(netns)
    },
    close,
    within: (netns, f) => {
      if (netns !== home && (handles.get(netns.fd) ?? 0) === 0) throw failure('EBADF', netns.name)
      const back = current
      current = netns
      try {
        return f()
      } finally {
        current = back
      }
    },
  }
}

const failure = (code: string, name: string): Error => Object.assign(new Error(`${code}: ${name}`), { code })
