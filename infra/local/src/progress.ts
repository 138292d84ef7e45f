import { Listr, PRESET_TIMER, type ListrTask } from 'listr2';
import { stages, type Stage, type StageEvent } from './stack.js';

/** Shows what goes on: a line per stage that ticks, and in a log a line as each begins and ends. */
export interface Progress {
  readonly onStage: (stage: Stage, event: StageEvent) => void;
  sampleOrders<T>(work: () => Promise<T>): Promise<T>;
  /** Stages that were not reached are shown so; nothing moves any more after it. */
  end(): Promise<void>;
}

/** Begins to show with the first stage: what is printed before stands above. */
export function showProgress(): Progress {
  const steps = new Map<Step, Deferred>();
  for (const step of [...stages, sampleOrders] as const) steps.set(step, new Deferred());
  let shown: Promise<unknown> | undefined;
  const show = () =>
    (shown ??= listOf(step => steps.get(step)!.promise)
      .run()
      .catch(() => undefined));
  return {
    onStage(stage, event) {
      void show();
      if (event !== 'begun') steps.get(stage)?.settle(event);
    },
    async sampleOrders(work) {
      try {
        const result = await work();
        steps.get(sampleOrders)?.settle('done');
        return result;
      } catch (error) {
        steps.get(sampleOrders)?.settle('failed');
        throw error;
      }
    },
    async end() {
      for (const step of steps.values()) step.settle('not reached');
      await shown;
    },
  };
}

const sampleOrders = 'sample orders';
type Step = Stage | typeof sampleOrders;
type Ending = Exclude<StageEvent, 'begun'> | 'not reached';

/** What follows each other and what goes on side by side, as in `Stack.start`. */
function listOf(ending: (step: Step) => Promise<Ending>) {
  const task = (title: string, step: Step): ListrTask => ({
    title,
    async task(_, line) {
      const how = await ending(step);
      if (how === 'skipped') line.skip(`${title}: yours is used`);
      if (how === 'not reached') line.skip(`${title}: not reached`);
      if (how === 'failed') throw new Error(title);
    },
  });
  const oneByOne = (title: string, ...tasks: ListrTask[]): ListrTask => ({
    title,
    task: (_, line) => line.newListr(tasks, { exitOnError: false, concurrent: false }),
  });
  return new Listr(
    [
      {
        title: 'Servers',
        task: (_, line) =>
          line.newListr(
            [
              oneByOne(
                'PostgreSQL',
                task('Start PostgreSQL', 'PostgreSQL'),
                task('Make the databases and their roles', 'databases'),
              ),
              oneByOne(
                'Kafka',
                task("Fetch Kafka's jars", "Kafka's jars"),
                task('Start Kafka', 'Kafka'),
                task('Create the topics', 'topics'),
              ),
              task('Start the card gateway and the carrier (simulated)', 'simulators'),
            ],
            { concurrent: true, exitOnError: false },
          ),
      },
      task('Start the services and the orchestrator', 'services'),
      task('Place the sample orders', sampleOrders),
    ],
    {
      exitOnError: false,
      // Ctrl-C is ours: it stops everything in order.
      registerSignalListeners: false,
      rendererOptions: {
        timer: PRESET_TIMER,
        collapseSubtasks: false,
        collapseErrors: false,
        // The error itself is printed below, in full.
        showErrorMessage: false,
      },
      fallbackRendererOptions: { timer: PRESET_TIMER },
      // A terminal may not know its width: everything would be wrapped after one character.
      fallbackRendererCondition: () => !process.stdout.columns,
    },
  );
}

/** A promise that is settled from outside, the first time only. */
class Deferred {
  settle!: (ending: Ending) => void;
  readonly promise = new Promise<Ending>(resolve => (this.settle = resolve));
}
