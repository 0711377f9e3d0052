import { defineConfig } from 'vitest/config'
import { closingLine } from './tools/closing-line.ts'

/** Unit tests live beside their files; `test/` holds what crosses rooms and needs the kernel. */
export default defineConfig({
  test: {
    reporters: ['default', closingLine()],
    projects: [
      { test: { name: 'unit', include: ['src/**/*.test.ts', 'tools/**/*.test.ts'], exclude: ['**/*.kernel.test.ts'] } },
      {
        test: {
          name: 'kernel',
          include: ['src/**/*.kernel.test.ts', 'test/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
})
