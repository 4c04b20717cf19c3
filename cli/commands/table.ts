/**
 * Every command, in the order of --help. What a command line may hold stands in a file of its own, and what the command does in another: the
 * first is loaded for the command that is called, the second when its arguments are right. So --help costs nothing of Kafka or Kubernetes.
 */
import type { Command } from 'commander';

export interface CommandEntry {
  readonly description: string;
  /** Options, arguments and help. */
  readonly load: () => Promise<Command>;
}

export const commands: Readonly<Record<string, CommandEntry>> = {
  run: {
    description: 'run the bridges of documents',
    load: async () => (await import('./run.ts')).runCommand(),
  },
  doctor: {
    description: 'check everything that a bridge needs: brokers, logins, rights, topics; and change nothing',
    load: async () => (await import('./doctor.ts')).doctorCommand(),
  },
  verify: {
    description: 'find out whether your MQTT server and your Kafka lose messages when something breaks',
    load: async () => (await import('./verify.ts')).verifyCommand(),
  },
  report: {
    description: 'write what somebody needs who helps you, in one archive without secrets',
    load: async () => (await import('./report.ts')).reportCommand(),
  },
  drain: {
    description: 'empty the MQTT session of a replica that does not come back, and end it',
    load: async () => (await import('./drain.ts')).drainCommand(),
  },
  validate: {
    description: 'check documents, without connecting anywhere, and report everything that is wrong',
    load: async () => (await import('./validate.ts')).validateCommand(),
  },
  eval: {
    description: 'evaluate the SQL of a rule for one message',
    load: async () => (await import('./eval.ts')).evalCommand(),
  },
  repl: {
    description: 'try rules and expressions on a message, one after the other',
    load: async () => (await import('./repl.ts')).replCommand(),
  },
  test: {
    description: 'run the tests of rules, with no broker',
    load: async () => (await import('./test.ts')).testCommand(),
  },
  explain: {
    description: 'describe what each rule of a document does: topics, columns, row, sinks',
    load: async () => (await import('./explain.ts')).explainCommand(),
  },
  init: {
    description: 'write a first document, from a few answers and from what is published',
    load: async () => (await import('./init.ts')).initCommand(),
  },
  fmt: {
    description: 'write documents in one form: YAML, and the SQL inside',
    load: async () => (await import('./fmt.ts')).fmtCommand(),
  },
  convert: {
    description: 'make a document of the configuration of EMQX, Telegraf, Kafka Connect or Redpanda Connect',
    load: async () => (await import('./convert.ts')).convertCommand(),
  },
  graph: {
    description: 'draw what flows where by the rules of a document, as a Mermaid flowchart',
    load: async () => (await import('./graph.ts')).graphCommand(),
  },
  asyncapi: {
    description: 'write what a bridge receives and sends as a contract (AsyncAPI), or compare with one',
    load: async () => (await import('./asyncapi.ts')).asyncapiCommand(),
  },
  functions: {
    description: 'list the functions that rules may call, or explain one',
    load: async () => (await import('./functions.ts')).functionsCommand(),
  },
  buffer: {
    description: 'look into the buffer of a bridge on disk: what waits, whether it can be read, the messages',
    load: async () => (await import('./buffer.ts')).bufferCommand(),
  },
  'dead-letters': {
    description: 'look at messages that failed (which, why, and what they hold), and replay or drop them',
    load: async () => (await import('./dead-letters.ts')).deadLettersCommand(),
  },
  passwd: {
    description: 'hash the password of an MQTT client that connects to a bridge (mqtt.listen)',
    load: async () => (await import('./passwd.ts')).passwdCommand(),
  },
  schema: {
    description: 'print the JSON Schema of the document',
    load: async () => (await import('./schema.ts')).schemaCommand(),
  },
  config: {
    description: 'look at the configuration',
    load: async () => (await import('./config.ts')).configCommand(),
  },
  simulate: {
    description: 'simulate vehicles that publish to an MQTT broker: coherent, and the same for the same seed',
    load: async () => (await import('./simulate.ts')).simulateCommand(),
  },
  demo: {
    description: 'run everything here: simulated vehicles, MQTT, the bridge, Kafka, and a page to watch them',
    load: async () => (await import('./demo.ts')).demoCommand(),
  },
  exporter: {
    description: 'show Prometheus what MQTT brokers and Kafka clusters do',
    load: async () => (await import('./exporter.ts')).exporterCommand(),
  },
  operator: {
    description: 'run the MqttKafkaBridge resources of a Kubernetes cluster',
    load: async () => (await import('./operator.ts')).operatorCommand(),
  },
  render: {
    description: 'print what a pipeline consists of elsewhere',
    load: async () => (await import('./render.ts')).renderCommand(),
  },
  tap: {
    description: 'show live messages of a running bridge: what comes, what rules make of it, what is sent, what fails',
    load: async () => (await import('./tap.ts')).tapCommand(),
  },
  top: {
    description: 'show rates, latency and what waits of running bridges, rewritten in place',
    load: async () => (await import('./top.ts')).topCommand(),
  },
  status: {
    description: 'show how the bridges of a Kubernetes cluster are',
    load: async () => (await import('./status.ts')).statusCommand(),
  },
  logs: {
    description: 'print what the replicas of a bridge in a cluster log, together',
    load: async () => (await import('./logs.ts')).logsCommand(),
  },
  restart: {
    description: 'restart the replicas of a bridge in a cluster, one after the other',
    load: async () => (await import('./restart.ts')).restartCommand(),
  },
  pause: {
    description: 'stop a bridge in a cluster so that nothing is lost',
    load: async () => (await import('./pause.ts')).pauseCommand(),
  },
  resume: {
    description: 'start a bridge in a cluster again that is stopped',
    load: async () => (await import('./resume.ts')).resumeCommand(),
  },
  completion: {
    description: 'print a script that completes commands and options in a shell',
    load: async () => (await import('./completion.ts')).completionCommand(),
  },
};
