/** The few calls of the Docker Engine API that chaos needs, over its socket [Docker Engine API 1.40]. */
import { request } from 'node:http';

interface Answer {
  readonly status: number;
  readonly body: string;
}

export class Engine {
  readonly #socket: string;

  /** @param socket the path of the engine's socket */
  constructor(socket: string) {
    this.#socket = socket;
  }

  /** The Compose project that a container belongs to, or undefined. */
  async projectOf(container: string): Promise<string | undefined> {
    const { Config } = JSON.parse(await this.#call('GET', `/containers/${container}/json`));
    return Config.Labels['com.docker.compose.project'];
  }

  /** The id of a service's container, running or not; undefined when the project has none. */
  async containerOf(project: string, service: string): Promise<string | undefined> {
    const label = [`com.docker.compose.project=${project}`, `com.docker.compose.service=${service}`];
    const filters = encodeURIComponent(JSON.stringify({ label }));
    return JSON.parse(await this.#call('GET', `/containers/json?all=true&filters=${filters}`))[0]?.Id;
  }

  /** SIGKILL. The engine does not start it again by itself. */
  async kill(id: string): Promise<void> {
    await this.#call('POST', `/containers/${id}/kill`);
  }

  async start(id: string): Promise<void> {
    await this.#call('POST', `/containers/${id}/start`);
  }

  /** Stops it as its operator would, and starts it. */
  async restart(id: string): Promise<void> {
    await this.#call('POST', `/containers/${id}/restart`);
  }

  /** Freezes every process: connections stay open and nothing answers. */
  async pause(id: string): Promise<void> {
    await this.#call('POST', `/containers/${id}/pause`);
  }

  async resume(id: string): Promise<void> {
    await this.#call('POST', `/containers/${id}/unpause`);
  }

  /** Lets it have so many hundredths of one processor; undefined for as much as there is. */
  async limit(id: string, percent: number | undefined): Promise<void> {
    const CpuQuota = percent === undefined ? -1 : percent * 1000;
    await this.#call('POST', `/containers/${id}/update`, { CpuPeriod: 100_000, CpuQuota });
  }

  async #call(method: string, path: string, body?: object): Promise<string> {
    const answer = await send(this.#socket, method, `/v1.40${path}`, body);
    if (answer.status >= 400) throw new Error(`${method} ${path}: ${answer.status} ${answer.body.trim()}`);
    return answer.body;
  }
}

function send(socketPath: string, method: string, path: string, body: object | undefined): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const headers = body === undefined ? {} : { 'content-type': 'application/json' };
  const call = request({ socketPath, method, path, headers }, response => {
    let text = '';
    response.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    response.on('error', reject).on('end', () => resolve({ status: response.statusCode!, body: text }));
  });
  call.on('error', reject).end(body === undefined ? undefined : JSON.stringify(body));
  return promise;
}
