/**
 * Watches files and folders: the agent's settings, the files of the system plane and, in development, a local sites folder. The
 * only user of chokidar.
 */
import { watch as watchPaths } from "chokidar";

/** Editors and git write several files for one change: told once, so long after the first, however many follow. */
const gatherMs = 150;

/** Calls `changed` after anything at or below one of the paths changed, until the signal aborts. */
export function watch(paths: readonly string[], changed: () => void, signal: AbortSignal): void {
  watchOnly(paths, () => true, changed, signal);
}

/** The same of these files, wherever below `top` they are or will be; their folders need not be there yet. */
export function watchFiles(top: string, files: readonly string[], changed: () => void, signal: AbortSignal): void {
  const isOnTheWay = (path: string) => files.some((file) => file === path || file.startsWith(`${path}/`));
  watchOnly([top], isOnTheWay, changed, signal);
}

function watchOnly(
  paths: readonly string[],
  isOurs: (path: string) => boolean,
  changed: () => void,
  signal: AbortSignal,
): void {
  if (signal.aborted) return;
  let timer: NodeJS.Timeout | undefined;
  const watcher = watchPaths([...paths], {
    ignoreInitial: true,
    followSymlinks: false,
    ignored: (path) => /\/(\.git|node_modules)(\/|$)/.test(path) || !isOurs(path),
  });
  watcher.on("all", () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      changed();
    }, gatherMs);
  });
  // A watch that fails costs speed, not correctness: the poll goes on.
  watcher.on("error", () => undefined);
  signal.addEventListener(
    "abort",
    () => {
      clearTimeout(timer);
      void watcher.close();
    },
    { once: true },
  );
}
