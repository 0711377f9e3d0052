import type { User } from '../auth/user.ts'
import type { ApiRequest } from '../context.ts'
import type { ApiResponse } from '../respond.ts'

/** Answers what is not a resource; undefined when it is none of these paths either. */
export type Route = (request: ApiRequest, user: User) => Promise<ApiResponse | undefined> | ApiResponse | undefined

export interface Routes {
  answer: Route
}

/** The first route that answers. */
export const createRoutes = (routes: readonly Route[]): Routes => ({
  async answer(request, user) {
    for (const route of routes) {
      const response = await route(request, user)
      if (response) return response
    }
    return undefined
  },
})
