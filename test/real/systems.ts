/**
 * The real systems that tests run against, each once: how to see that it is here, how to get it, and what a person can do.
 *
 * `npm run provision` installs them, `describeReal` asks for them, and `startKafka` and its kind start them. So a further system
 * (etcd, Prometheus, a browser) is one more entry here and nothing else. An install must be safe to repeat, and must leave
 * nothing half done behind: a later run would take it for whole.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { installMochi, installRabbitmq, mochiHow, mochiProgram, rabbitmqHow, rabbitmqScripts } from './brokers.ts';
import { whyNoContainers } from './containers.ts';
import { faketimeLibrary } from './faketime.ts';
import { grafanaFolder, grafanaHow, installGrafana } from './grafana.ts';
import { aptInstall, buildGo, cacheFolder, isExecutable, program, run } from './install.ts';
import {
  controlPlane,
  hasPrograms,
  helmProgram,
  installHelm,
  installKubernetes,
  installKwok,
  kwokProgram,
} from './kubernetes-programs.ts';
import { findNode, installNode } from './node/programs.ts';

export type SystemName =
  | 'java'
  | 'jdk'
  | 'maven'
  | 'openssl'
  | 'lua'
  | 'mosquitto'
  | 'kcat'
  | 'faketime'
  | 'kafka'
  | 'hivemq'
  | 'rabbitmq'
  | 'artemis'
  | 'mochi'
  | 'prometheus'
  | 'chromium'
  | 'grafana'
  | 'compose'
  | 'engine'
  | 'docker'
  | 'telegraf'
  | 'mqtt-clients'
  | 'paho-python'
  | 'operator-verify'
  | 'etcd'
  | 'kubernetes'
  | 'kwok'
  | 'helm'
  | 'actionlint'
  | 'node';

export interface System {
  readonly name: SystemName;
  /** Where it is, or undefined when it is missing. Quick: looks at files and starts nothing. */
  found(): string | undefined;
  /** Installs it. Throws `InstallError`. */
  install(): void;
  /** What a person does to get it where `install` cannot. */
  readonly how: string;
  /**
   * Not everybody can have it, and it takes minutes to build: installed when it is asked for by name (`npm run provision docker`), and
   * its suites are skipped where it is missing, with CI=true, too.
   */
  readonly optional?: true;
  /** Why this machine cannot have it, whatever is installed; undefined when it can. Its suites are skipped there, with CI=true, too. */
  unable?(): string | undefined;
}

/** The class path of Kafka's jars, from KAFKA_HOME or from the cache, or undefined when there are none. */
export function kafkaClassPath(): string | undefined {
  const folder = [join(process.env.KAFKA_HOME ?? '/nonexistent', 'libs'), libraries('kafka')].find(existsSync);
  return folder && join(folder, '*');
}

/** The class path of HiveMQ's jars, or undefined when they are not in the cache. */
export const hivemqClassPath = (): string | undefined => cachedClassPath('hivemq');

/** The class path of Paho's and HiveMQ's clients for Java, or undefined when they are not in the cache. */
export const mqttClientsClassPath = (): string | undefined => cachedClassPath('mqtt-clients');

/** The class path of Artemis' jars, or undefined when they are not in the cache. */
export const artemisClassPath = (): string | undefined => cachedClassPath('artemis');

function cachedClassPath(name: MavenSystem): string | undefined {
  const folder = libraries(name);
  return existsSync(folder) ? join(folder, '*') : undefined;
}

const mavenAdvice = 'see that Maven reaches its repository (a mirror or proxy goes into ~/.m2/settings.xml)';

export const systems: readonly System[] = [
  fromPackage('java', ['java'], 'default-jre-headless', 'openjdk'),
  fromPackage('jdk', ['javac'], 'default-jdk-headless', 'openjdk'),
  fromPackage('openssl', ['openssl'], 'openssl', 'openssl'),
  fromPackage(
    'mosquitto',
    ['mosquitto', 'mosquitto_passwd', 'mosquitto_sub'],
    'mosquitto mosquitto-clients',
    'mosquitto',
  ),
  fromPackage('kcat', ['kcat'], 'kcat', 'kcat'),
  fromPackage('lua', ['lua5.1'], 'lua5.1', 'lua@5.1'),
  {
    name: 'faketime',
    found: faketimeLibrary,
    install: () => aptInstall(['faketime'], 'install the package faketime (Debian, Ubuntu)'),
    how: 'install the package faketime (Debian, Ubuntu)',
  },
  fromPackage('prometheus', ['prometheus', 'promtool'], 'prometheus', 'prometheus'),
  fromPackage('chromium', ['chromium'], 'chromium', '--cask chromium'),
  { name: 'grafana', found: grafanaFolder, install: installGrafana, how: grafanaHow, optional: true },
  {
    name: 'kafka',
    found: () => (program('java') ? kafkaClassPath() : undefined),
    install: () => installLibraries('kafka', `${mavenAdvice}, or set KAFKA_HOME`),
    how: 'install Maven and run `npm run provision`, or set KAFKA_HOME to an unpacked Apache Kafka 4',
  },
  {
    name: 'hivemq',
    found: () => (program('java') ? hivemqClassPath() : undefined),
    install: () => installLibraries('hivemq', mavenAdvice),
    how: 'install Maven and a JDK, and run `npm run provision`',
  },
  {
    name: 'artemis',
    found: () => (program('java') ? artemisClassPath() : undefined),
    install: () => installLibraries('artemis', mavenAdvice),
    how: 'install Maven and a JDK, and run `npm run provision`',
  },
  {
    name: 'rabbitmq',
    found: () => (program('erl') && program('epmd') ? rabbitmqScripts() : undefined),
    install: installRabbitmq,
    how: rabbitmqHow,
  },
  { name: 'mochi', found: () => [mochiProgram()].find(isExecutable), install: installMochi, how: mochiHow },
  fromPackage('etcd', ['etcd', 'etcdctl'], 'etcd-server etcd-client', 'etcd'),
  {
    name: 'kubernetes',
    found: () => hasPrograms(controlPlane),
    install: () => installKubernetes(controlPlane),
    how: 'install Go and run `npm run provision` (it takes some minutes)',
  },
  { name: 'kwok', found: () => [kwokProgram()].find(isExecutable), install: installKwok, how: 'npm run provision' },
  {
    name: 'actionlint',
    found: () => [actionlintProgram()].find(isExecutable),
    install: installActionlint,
    how: 'install Go and run `npm run provision`',
  },
  { name: 'helm', found: helmProgram, install: installHelm, how: 'npm run provision' },
  {
    name: 'node',
    found: () => (whyNoContainers() ? undefined : findNode()),
    install: installNode,
    how: 'as root on a machine that may run containers: npm run provision node (it takes some minutes)',
    unable: whyNoContainers,
  },
  {
    name: 'engine',
    found: findEngine,
    install: installEngine,
    how: 'as root on a machine that may run containers: npm run provision engine',
    unable: whyNoContainers,
  },
  { name: 'compose', found: findCompose, install: installDocker, how: 'npm run provision compose', optional: true },
  {
    name: 'docker',
    found: findDocker,
    install: installDocker,
    how: 'as root on a machine that may run containers: npm run provision docker',
    optional: true,
  },
  {
    name: 'telegraf',
    found: () => [telegrafProgram()].find(isExecutable),
    install: installTelegraf,
    how: 'npm run provision telegraf (it takes Go and some minutes)',
    optional: true,
  },
  {
    name: 'mqtt-clients',
    found: () => (program('javac') ? mqttClientsClassPath() : undefined),
    install: () => installLibraries('mqtt-clients', mavenAdvice),
    how: 'install Maven and a JDK, and run `npm run provision mqtt-clients`',
    optional: true,
  },
  {
    name: 'paho-python',
    found: () => (program('python3') && existsSync(pahoPythonFolder()) ? pahoPythonFolder() : undefined),
    install: installPahoPython,
    how: 'install Python with pip, and run `npm run provision paho-python`',
    optional: true,
  },
  {
    name: 'operator-verify',
    found: () => [verifyProgram()].find(isExecutable),
    install: installVerify,
    how: 'npm run provision operator-verify (it takes Go and some minutes)',
    optional: true,
  },
];

/** The one version of the Compose plugin that is built here. */
const composeVersion = 'v2.40.3';

/** A folder for DOCKER_CONFIG with the Compose plugin in it, when it was built here. */
export const dockerConfigFolder = (): string => join(cacheFolder(), 'docker', 'config');

function composePlugin(): string | undefined {
  const ours = [dockerConfigFolder(), join(homedir(), '.docker')];
  const folders = [...ours, '/usr/local/lib/docker', '/usr/libexec/docker', '/usr/lib/docker'];
  return folders.map(folder => join(folder, 'cli-plugins', 'docker-compose')).find(isExecutable);
}

function findCompose(): string | undefined {
  return program('docker') && composePlugin();
}

/** The engine that tests start for themselves. */
function findEngine(): string | undefined {
  return whyNoContainers() ? undefined : program('dockerd');
}

function findDocker(): string | undefined {
  return findCompose() && findEngine();
}

const engineAdvice = 'install Docker Engine with the Compose plugin (docs.docker.com/engine/install)';

function installEngine(): void {
  aptInstall(['docker.io'], engineAdvice);
}

function installDocker(): void {
  if (!program('dockerd')) installEngine();
  if (!composePlugin()) buildCompose(engineAdvice);
}

function buildCompose(how: string): void {
  buildGo({
    module: 'github.com/docker/compose/v2',
    version: composeVersion,
    main: 'cmd',
    into: join(dockerConfigFolder(), 'cli-plugins', 'docker-compose'),
    how,
  });
}

/** The one version of Telegraf that the bridge is measured beside. */
const telegrafVersion = 'v1.37.2';

/** Ours alone, never one that is on the PATH: a figure belongs to a version. */
const telegrafProgram = (): string => join(cacheFolder(), `telegraf-${telegrafVersion}`, 'telegraf');

function installTelegraf(): void {
  const module = 'github.com/influxdata/telegraf';
  const parts = ['inputs.mqtt_consumer', 'outputs.kafka', 'parsers.value', 'serializers.template'];
  buildGo({
    module,
    version: telegrafVersion,
    main: 'cmd/telegraf',
    // `custom` leaves out every plugin that is not named here. Telegraf ships without symbols, so this does too.
    flags: [
      '-tags',
      ['custom', ...parts].join(),
      '-ldflags',
      `-s -w -X ${module}/internal.Version=${telegrafVersion.slice(1)}`,
    ],
    into: telegrafProgram(),
    how: 'install Go, and see that it reaches a module proxy (GOPROXY)',
  });
}

const pahoPython = 'paho-mqtt==2.1.0';

/** For PYTHONPATH. */
export const pahoPythonFolder = (): string => join(cacheFolder(), pahoPython.replace('==', '-'));

function installPahoPython(): void {
  const folder = pahoPythonFolder();
  const fresh = `${folder}.${process.pid}`;
  const how = 'install Python with pip, and see that it reaches a package index';
  try {
    run('python3', ['-m', 'pip', 'install', '-q', '--no-deps', '--target', fresh, pahoPython], {
      env: process.env,
      how,
    });
    renameSync(fresh, folder);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

const actionlintVersion = 'v1.7.12';

/** Checks workflows of GitHub. */
export const actionlintProgram = (): string => join(cacheFolder(), `actionlint-${actionlintVersion}`, 'actionlint');

function installActionlint(): void {
  buildGo({
    module: 'github.com/rhysd/actionlint',
    version: actionlintVersion,
    main: 'cmd/actionlint',
    into: actionlintProgram(),
    how: 'install Go, and see that it reaches a module proxy (GOPROXY)',
  });
}

/** The one version of the validator of the Operator Lifecycle Manager that bundles are checked with. */
const verifyVersion = 'v0.30.0';

export const verifyProgram = (): string => join(cacheFolder(), `operator-verify-${verifyVersion}`, 'operator-verify');

function installVerify(): void {
  buildGo({
    module: 'github.com/operator-framework/api',
    version: verifyVersion,
    main: 'cmd/operator-verify',
    into: verifyProgram(),
    how: 'install Go, and see that it reaches a module proxy (GOPROXY)',
  });
}

/** What brings the jars of Kafka, HiveMQ and Artemis; Kafka's may come from KAFKA_HOME instead. */
const maven = fromPackage('maven', ['mvn'], 'maven', 'maven');

function fromPackage(name: SystemName, programs: string[], debian: string, homebrew: string): System {
  const how = `install it: apt-get install ${debian} (Debian, Ubuntu) or brew install ${homebrew} (macOS)`;
  return {
    name,
    how,
    found: () => (programs.every(each => program(each)) ? program(programs[0]!) : undefined),
    install: () => aptInstall(debian.split(' '), how),
  };
}

/** What Maven brings: NAME-pom.xml lists it, and has the version as NAME.version. */
type MavenSystem = 'kafka' | 'hivemq' | 'artemis' | 'mqtt-clients';

const pom = (name: MavenSystem): string => join(import.meta.dirname, `${name}-pom.xml`);

function libraries(name: MavenSystem): string {
  const version = new RegExp(`<${name}.version>(.*)<`).exec(readFileSync(pom(name), 'utf8'))![1];
  return join(cacheFolder(), `${name}-${version}`, 'libs');
}

function installLibraries(name: MavenSystem, how: string): void {
  if (!maven.found()) maven.install();
  const folder = libraries(name);
  const fresh = `${folder}.${process.pid}`;
  mkdirSync(fresh, { recursive: true });
  try {
    const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
    run('mvn', ['-q', '-B', '-f', pom(name), goal, `-DoutputDirectory=${fresh}`], { env: process.env, how });
    // The rename is what makes it found: never a folder with half of the jars.
    if (!existsSync(folder)) renameSync(fresh, folder);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}
