import { Bounds } from './bounds.mjs';
import { disagreements, growth } from './checkpoint.mjs';
import { Child } from './children.mjs';
import { Judge } from './judge.mjs';
import { now, sleep } from './monotonic.mjs';
import { DELAY_MS, Population } from './population.mjs';
import { Random } from './random.mjs';
import { moduleOptions } from './settings.mjs';
import { Trouble } from './trouble.mjs';
import { Truth } from './truth.mjs';

const STEP_MS = 200;
const THE_END = 'the end';
const CLIENTS_PER_PROCESS = 2500;
const MASS_SHARE = 0.75;
/** What somebody may take who is waited for, and whom no promise binds. */
const PATIENCE_MS = 30_000;
/** What was told before has arrived. */
const IN_FLIGHT_MS = 200;

/** One soak, from the first process to the last. */
export class Soak {
  #settings;
  #random;
  #truth = new Truth((record) => this.#population.buried(record));
  #server;
  #hosts = [];
  #population;
  #judge;
  #trouble;
  #problems = [];
  #checkpoints = [];
  #massCut = 0;
  #break;
  #broken = new Promise((_resolve, reject) => (this.#break = reject));

  constructor(settings) {
    this.#settings = settings;
    this.#random = new Random(settings.seed);
  }

  /** @returns everything that the report needs */
  async run() {
    await Promise.race([this.#live(), this.#broken]);
    return {
      truth: this.#truth,
      judge: this.#judge,
      trouble: this.#trouble,
      serverLostMs: this.#server.gaps.totalMs,
      checkpoints: this.#checkpoints,
      massCut: this.#massCut,
      problems: [...this.#problems, ...this.#truth.problems],
    };
  }

  async #live() {
    const url = await this.#startServer();
    await this.#startClients(url);
    const { rounds, roundMs } = this.#settings;
    await this.#fill();
    for (let round = 0; round < rounds; round++) {
      await this.#churn(roundMs, round === 1);
      await this.#settle(`round ${round + 1}`);
    }
    const [early, late] = [this.#checkpoints.at(0), this.#checkpoints.at(-1)];
    this.#problems.push(...growth(early.memory, late.memory));
    await this.#leave();
  }

  async #startServer() {
    this.#server = this.#child(
      'server.mjs',
      [JSON.stringify(moduleOptions(this.#settings))],
      ['--expose-gc'],
    );
    const bounds = new Bounds(this.#settings, this.#server);
    this.#judge = new Judge(bounds, this.#settings);
    this.#trouble = new Trouble({ random: this.#random, server: this.#server, settings: this.#settings });
    return this.#server.ready;
  }

  async #startClients(url) {
    const { connections, intervalMs } = this.#settings;
    const args = [url, JSON.stringify({ delayMs: DELAY_MS, chatEveryMs: 2 * intervalMs })];
    const startCell = () => this.#child('clients.mjs', args);
    const count = Math.max(2, Math.ceil(connections / CLIENTS_PER_PROCESS));
    for (let index = 0; index < count; index++) this.#hosts.push(startCell());
    await Promise.all(this.#hosts.map(({ ready }) => ready));
    this.#population = new Population({
      random: this.#random,
      settings: this.#settings,
      truth: this.#truth,
      hosts: this.#hosts,
      startCell,
    });
  }

  #child(script, args, execArgv) {
    const told = (item, child) =>
      child === this.#server ? this.#truth.heardFromServer(item) : this.#truth.heardFromClient(item);
    return new Child({ script, args, execArgv, told, failed: (error) => this.#break(error) });
  }

  /** Steady churn, random deaths and random stalls, and in one round a mass of deaths in one moment. */
  async #churn(ms, hasMassCut) {
    const until = now() + ms;
    const trouble = this.#trouble.visit(until);
    let massCutAt = hasMassCut ? now() + ms / 2 : Infinity;
    while (now() < until) {
      if (now() >= massCutAt) {
        this.#massCut += this.#population.massCut(MASS_SHARE);
        massCutAt = Infinity;
      }
      this.#population.step(STEP_MS);
      await sleep(STEP_MS);
    }
    await trouble;
  }

  /** Waits until the last of the dead must be gone, judges them all, and compares what everybody counts. */
  async #settle(name) {
    await this.#until('the dead to be found', () => {
      const areCellsOver = this.#population.endCells();
      return this.#countDying() === 0 && areCellsOver;
    });
    if (name !== THE_END) this.#population.restore();
    await this.#fill();
    await sleep(IN_FLIGHT_MS);
    this.#judgeAll();
    const open = await Promise.all(this.#hosts.map((host) => host.ask('open')));
    const counts = await this.#server.ask('counts');
    const truth = this.#truth.openCount;
    const numbers = { truth, counts, open: open.reduce((sum, number) => sum + number, 0) };
    const wrong = disagreements(numbers);
    if (wrong.length > 0)
      this.#problems.push(
        `counters disagree with the truth after ${name}, ${truth} open: ${wrong.join(', ')}`,
      );
    this.#checkpoints.push({ name, ...numbers, memory: await this.#server.ask('memory') });
  }

  /** How many are dying or dead, still there, and not overdue. */
  #countDying() {
    const at = now();
    return this.#truth.count((record) => {
      if (!record.isDoomed || record.end !== undefined) return false;
      record.isGivenUp = record.diedAt !== undefined && this.#judge.isOverdue(record, at);
      return !record.isGivenUp;
    });
  }

  #judgeAll() {
    const at = now();
    for (const record of this.#truth.records.values()) {
      if (record.end === undefined && record.seenClosed === undefined && !record.isGivenUp) continue;
      this.#judge.settle(record, at);
      this.#truth.records.delete(record.id);
    }
    for (const { gaps } of [this.#server, ...this.#hosts]) gaps.forgetBefore(at - PATIENCE_MS);
  }

  async #fill() {
    await this.#until('everybody to be connected', () => {
      this.#population.grow();
      return this.#population.isFull && this.#truth.count(({ bornAt, isKnown }) => bornAt && !isKnown) === 0;
    });
  }

  /** In the end everybody leaves, the app closes, and nothing keeps its process. */
  async #leave() {
    await this.#until('everybody to leave', () => {
      this.#population.leave();
      return this.#truth.living.length === 0;
    });
    await this.#settle(THE_END);
    this.#server.letGo();
    await this.#server.ask('end');
    const code = await this.#server.exited;
    if (code !== 0) this.#problems.push(`the server ended with ${code}`);
  }

  async #until(what, isDone) {
    const deadline = now() + PATIENCE_MS + this.#settings.connections * 2;
    while (!isDone()) {
      if (now() > deadline) {
        this.#problems.push(`waited in vain for ${what}`);
        return;
      }
      await sleep(STEP_MS);
    }
  }
}
