/**
 * Copies Node and every shared library that it has loaded into a folder, which becomes the root of the image:
 *
 *     node runtime.mjs FOLDER
 *
 * Which libraries these are is asked of the running process, so that it holds for any processor and any C library. What Debian knows of
 * their packages goes with them, as scanners for vulnerabilities read it.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const root = process.argv[2];

const place = file => {
  const target = join(root, file);
  mkdirSync(dirname(target), { recursive: true });
  return target;
};
const copy = file => copyFileSync(file, place(file));

// A native addon may need libraries that Node does not.
try {
  createRequire(import.meta.url)('@node-rs/crc32');
} catch {
  // It is optional: there is none for every processor.
}
const loaded = process.report.getReport().sharedObjects.filter(file => file.startsWith('/') && existsSync(file));
const libraries = loaded.filter(file => !file.includes('/node_modules/'));
for (const file of libraries) copy(file);
copyFileSync(process.execPath, place('/usr/local/bin/node'));

writeFileSync(place('/etc/passwd'), 'root:x:0:0::/:\nnode:x:1000:1000::/home/node:\n');
writeFileSync(place('/etc/group'), 'root:x:0:\nnode:x:1000:\n');
for (const file of ['/etc/os-release', '/etc/nsswitch.conf'].filter(existsSync)) copy(file);
mkdirSync(join(root, 'tmp'));
chmodSync(join(root, 'tmp'), 0o1777);
// Folders that volumes are mounted at: a new volume takes its owner from here.
for (const folder of ['home/node', 'run/demo']) {
  mkdirSync(join(root, folder), { recursive: true });
  chownSync(join(root, folder), 1000, 1000);
}

/** The packages of Debian that the files are of; none where there is no dpkg. */
const packagesOf = files => {
  try {
    // Debian's list has one of two names of a library: /lib is a link to /usr/lib.
    const names = files.flatMap(file => [file, file.replace(/^\/usr/, ''), `/usr${file}`]);
    const found = execFileSync('sh', ['-c', 'dpkg-query --search "$@" 2>/dev/null || true', 'sh', ...names], {
      encoding: 'utf8',
    });
    return [
      ...new Set(
        found
          .split('\n')
          .filter(Boolean)
          .map(line => line.split(': ')[0]),
      ),
    ];
  } catch {
    return [];
  }
};

for (const name of packagesOf(libraries)) {
  const plain = name.split(':')[0];
  writeFileSync(place(`/var/lib/dpkg/status.d/${plain}`), execFileSync('dpkg-query', ['--status', name]));
  const copyright = `/usr/share/doc/${plain}/copyright`;
  if (existsSync(copyright)) copy(copyright);
}
