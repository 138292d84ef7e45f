import type { Queries } from '@ballast/platform';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { RunningVersion, SagaRepository } from '../storage/saga-repository.js';
import type { Definitions } from './definitions.js';

/** Looks, before anything is consumed, whether this process can go on with every saga that has not ended. */
@Injectable()
export class KnownVersions implements OnModuleInit {
  constructor(
    private readonly database: Queries,
    private readonly repository: SagaRepository,
    private readonly definitions: Definitions,
  ) {}

  async onModuleInit(): Promise<void> {
    const running = await this.repository.runningVersions(this.database);
    const unknown = running.filter(version => this.definitions.of(version) === undefined);
    if (unknown.length > 0) throw new UnknownVersions(unknown, this.definitions.names);
  }
}

export class UnknownVersions extends Error {
  override readonly name = 'UnknownVersions';

  constructor(unknown: readonly RunningVersion[], known: readonly string[]) {
    const running = unknown.map(
      ({ definition, version, running }) => `${running} of ${definition} ${version}`,
    );
    super(
      `sagas have not ended that this process cannot run: ${running.join(', ')}; it knows ${known.join(', ')}: ` +
        'deploy old versions together with new ones until their last saga has ended',
    );
  }
}
