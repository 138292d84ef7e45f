import { DependencyList, DependencyView, SwitchDependency, TuneDependency } from '@ballast/contracts';
import { Body, Controller, Get, HttpCode, type MessageEvent, Param, Patch, Post, Sse } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Observable } from 'rxjs';
import { Dependencies } from './dependencies.js';
import { EventStreams } from './event-stream.js';

/** What this process calls and can fail: looked at, switched off and on, and tuned. Of this replica, until it ends. */
@ApiTags('operations')
@Controller('operations/dependencies')
export class DependenciesController {
  constructor(
    private readonly dependencies: Dependencies,
    private readonly streams: EventStreams,
  ) {}

  @Get()
  @ApiOperation({ summary: 'How calls to each dependency are doing in this process.' })
  @ApiOkResponse({ standardSchema: DependencyList })
  list(): DependencyList {
    return { dependencies: this.dependencies.all.map(dependency => dependency.view()) };
  }

  @Get(':name')
  @ApiOperation({ summary: 'One dependency: what its policies say, and their numbers.' })
  @ApiOkResponse({ standardSchema: DependencyView })
  @ApiResponse({ status: 404, description: 'DEPENDENCY_NOT_FOUND' })
  show(@Param('name') name: string): DependencyView {
    return this.dependencies.find(name).view();
  }

  @Sse(':name/events')
  @ApiOperation({
    summary: 'Server-sent events: `state` at once and every second, `breaker` and `limit` as they change.',
  })
  @ApiProduces('text/event-stream')
  @ApiResponse({ status: 404, description: 'DEPENDENCY_NOT_FOUND' })
  events(@Param('name') name: string): Observable<MessageEvent> {
    return this.streams.of(this.dependencies.find(name));
  }

  @Post(':name/open')
  @HttpCode(200)
  @ApiOperation({ summary: 'Opens the breaker until it is closed by hand: nothing is sent any more.' })
  @ApiOkResponse({ standardSchema: DependencyView })
  @ApiResponse({ status: 404, description: 'DEPENDENCY_NOT_FOUND' })
  @ApiResponse({ status: 422, description: 'DEPENDENCY_NOT_TUNABLE: it has no breaker.' })
  open(@Param('name') name: string, @Body({ schema: SwitchDependency }) by: SwitchDependency) {
    return this.dependencies.switch(name, 'open', by);
  }

  @Post(':name/close')
  @HttpCode(200)
  @ApiOperation({ summary: 'Closes the breaker, with nothing held against the dependency.' })
  @ApiOkResponse({ standardSchema: DependencyView })
  @ApiResponse({ status: 404, description: 'DEPENDENCY_NOT_FOUND' })
  @ApiResponse({ status: 422, description: 'DEPENDENCY_NOT_TUNABLE: it has no breaker.' })
  close(@Param('name') name: string, @Body({ schema: SwitchDependency }) by: SwitchDependency) {
    return this.dependencies.switch(name, 'close', by);
  }

  @Patch(':name')
  @ApiOperation({ summary: 'Gives policies other numbers, at once; what they have counted stays.' })
  @ApiOkResponse({ standardSchema: DependencyView })
  @ApiResponse({ status: 404, description: 'DEPENDENCY_NOT_FOUND' })
  @ApiResponse({
    status: 422,
    description: 'DEPENDENCY_NOT_TUNABLE: no such number, or none that makes sense.',
  })
  tune(@Param('name') name: string, @Body({ schema: TuneDependency }) body: TuneDependency): DependencyView {
    return this.dependencies.tune(name, body);
  }
}
