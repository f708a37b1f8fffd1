// The app of terminus.server.{cjs,mjs}: a gateway, both probes by Terminus, and both answers without Terminus' own say at `/bare`.
// Its first argument is JSON: { first: 'terminus' | 'ours', terminusMs, options } with the options of our module.
// Reports by IPC: { port }, { event, at }.
const tell = (message) => process.connected && process.send(message);

export default async function startApp(nest) {
  const { Controller, Get, Inject, Module, NestFactory, TerminusModule, WebSocketGateway, WsAdapter } = nest;
  const { ConnectionHealthIndicator, ConnectionHealthModule, ConnectionHealthService } = nest;
  const { first, terminusMs, options } = JSON.parse(process.argv[2]);

  class ProbedGateway {}
  WebSocketGateway()(ProbedGateway);

  class HealthController {
    constructor(health, indicator) {
      this.health = health;
      this.indicator = indicator;
    }
    live() {
      return this.health.check([() => this.indicator.isAlive('ws')]);
    }
    ready() {
      return this.health.check([() => this.indicator.isReady('ws')]);
    }
    /** Does what must not be done in a request. */
    block() {
      const end = performance.now() + 1_500;
      while (performance.now() < end);
      return {};
    }
    async bare() {
      return { ...(await this.indicator.isAlive('alive')), ...(await this.indicator.isReady('ready')) };
    }
  }
  Controller()(HealthController);
  Inject(nest.HealthCheckService)(HealthController, undefined, 0);
  Inject(ConnectionHealthIndicator)(HealthController, undefined, 1);
  for (const name of ['live', 'ready', 'bare', 'block']) {
    Get(name)(
      HealthController.prototype,
      name,
      Object.getOwnPropertyDescriptor(HealthController.prototype, name),
    );
  }

  const terminus = TerminusModule.forRoot({ gracefulShutdownTimeoutMs: terminusMs, logger: false });
  const ours = ConnectionHealthModule.forRoot(options);
  class AppModule {}
  Module({
    imports: first === 'terminus' ? [ours, terminus] : [terminus, ours],
    controllers: [HealthController],
    providers: [ProbedGateway],
  })(AppModule);

  const app = await NestFactory.create(AppModule, { logger: false });
  app.useWebSocketAdapter(new WsAdapter(app));
  app.enableShutdownHooks();
  app.get(ConnectionHealthService).events$.subscribe(({ type, at }) => tell({ event: type, at }));
  // Whoever started it has gone.
  process.on('disconnect', () => process.exit());
  await app.listen(0, '127.0.0.1');
  tell({ port: app.getHttpServer().address().port });
}
