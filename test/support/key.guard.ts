import { Injectable, Module, type CanActivate, type ExecutionContext } from '@nestjs/common';

@Injectable()
class Keys {
  readonly key = 'sesame';
}

/** What {@link KeyGuard} depends on. */
@Module({ providers: [Keys], exports: [Keys] })
export class KeysModule {}

/** Lets in whoever sends the header `x-key: sesame`; what the right key is, it has to be told by a provider. */
@Injectable()
export class KeyGuard implements CanActivate {
  constructor(private readonly keys: Keys) {}
  canActivate(context: ExecutionContext): boolean {
    return keyOf(context) === this.keys.key;
  }
}

/** The key that a request brought. */
export function keyOf(context: ExecutionContext): string | undefined {
  return context.switchToHttp().getRequest<{ headers: Record<string, string> }>().headers['x-key'];
}
