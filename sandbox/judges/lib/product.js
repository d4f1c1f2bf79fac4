// The product as a child process: built by `go build`, started by `frontdesk up` on free ports, found by what it prints
// about itself. Each judge starts one of its own, so that none sees another's records.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { eventually } from './wait.js';

const root = resolve(import.meta.dirname, '../../..');
const ports = [
  'webhooks', 'kafka', 'redis', 'salesforce', 'pubsub', 'speech', 'vertex', 'twilio',
  'ingress', 'stt', 'inference', 'crm-writer',
];

/** The command, built; go's cache makes a second build cheap. */
export function build(pkg, name) {
  const binary = join(root, '.cache/judges/bin', name);
  const built = spawnSync('go', ['build', '-o', binary, pkg], { cwd: root, encoding: 'utf8' });
  if (built.error) throw new Error(`go can't be run: ${built.error.message}; Go must be installed`);
  if (built.status !== 0) throw new Error(`go build ${pkg} failed:\n${built.stderr}`);
  return binary;
}

/** A child process that prints one JSON document on stdout once it is ready, and its log on stderr. */
export async function startChild(command, args, folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const log = join(folder, 'stderr.log');
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', openSync(log, 'w')] });
  const exited = new Promise((done) => child.once('exit', (code, signal) => done(code ?? signal)));
  const killed = () => child.kill('SIGKILL');
  process.once('exit', killed); // a judge that dies leaves nothing behind
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text) => { out += text; });
  const ready = await eventually(`${command} prints where it listens (log: ${log})`, () => {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}:\n${readFileSync(log, 'utf8')}`);
    try {
      return JSON.parse(out);
    } catch {
      return undefined; // not all of it yet
    }
  }, 60_000);
  child.unref(); // a judge that fails to begin must not wait for what has begun
  child.stdout.unref();
  return {
    ready,
    log,
    /** Ends the child in order, and complains of one that does not. */
    async stop() {
      child.ref();
      child.kill('SIGINT');
      const late = setTimeout(killed, 60_000);
      const code = await exited;
      clearTimeout(late);
      process.removeListener('exit', killed);
      if (code !== 0) throw new Error(`${command} ended with ${code} instead of 0; its log is ${log}`);
    },
  };
}

/** Starts `frontdesk up` for one judge. Its log and data stay in .cache/judges/<name>. */
export async function startProduct(name, ...flags) {
  const folder = join(root, '.cache/judges', name);
  const data = join(folder, 'data');
  const args = ['up', '--json', '--data', data, ...ports.flatMap((p) => ['--port', `${p}=0`]), ...flags];
  const child = await startChild(build('./cmd/frontdesk', 'frontdesk'), args, folder);
  console.log(`# logs: ${child.log}, ${join(data, 'services.log')}`);
  return { ...child, data, endpoints: new Endpoints(child.ready) };
}

/** Starts the stand-ins whose limits can be reached; ready holds their addresses by name. */
export async function startNarrow(name) {
  const child = await startChild(build('./sandbox/judges/narrow', 'narrow'), [], join(root, '.cache/judges', `${name}-narrow`));
  console.log(`# log: ${child.log}`);
  return child;
}

/** What `frontdesk up --json` prints. */
export class Endpoints {
  constructor(list) {
    this.list = list;
  }

  /** The address of a part, of a tenant where each has one. */
  address(part, tenant) {
    return this.#find(part, tenant).address;
  }

  /** A credential of a part by its name. */
  credential(part, tenant, name) {
    const found = this.#find(part, tenant).credentials?.find((c) => c.name === name);
    if (!found) throw new Error(`up --json names no ${name} of ${part}`);
    return found.value;
  }

  /** The line that shall be pasted into a shell to try a part. */
  line(part, tenant) {
    return this.#find(part, tenant).try;
  }

  #find(part, tenant) {
    const found = this.list.find((e) => e.part === part && e.tenant === tenant);
    if (!found) throw new Error(`up --json names no ${part}${tenant ? ` of ${tenant}` : ''}`);
    return found;
  }
}

export { root };
