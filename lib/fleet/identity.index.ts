import { bucketOf, encodePlaces } from './record.codec.js';

/** Where the connections of an identity are, in fields that many identities share: so the index costs next to nothing. */
export class IdentityIndex {
  private readonly places = new Map<string, Set<number>>();
  private readonly bucketOfPlace = new Map<number, string>();
  private changed = new Set<string>();

  /** A place belongs to this identity from now on; `undefined` for nobody. */
  set(place: number, identity: string | undefined): void {
    const bucket = identity === undefined ? undefined : bucketOf(identity);
    const before = this.bucketOfPlace.get(place);
    if (bucket === before) return;
    if (before !== undefined) this.remove(place, before);
    if (bucket === undefined) return;
    this.bucketOfPlace.set(place, bucket);
    this.places.set(bucket, (this.places.get(bucket) ?? new Set()).add(place));
    this.changed.add(bucket);
  }

  /** The places of all identities that share the field of this one. */
  placesBeside(identity: string): number[] {
    return [...(this.places.get(bucketOf(identity)) ?? [])];
  }

  /** Everything is to be written anew. */
  markAll(): void {
    this.changed = new Set(this.places.keys());
  }

  get hasChanges(): boolean {
    return this.changed.size > 0;
  }

  /** At most so many fields that are not written yet; they count as written from now on. */
  take(limit: number): Map<string, string | undefined> {
    const taken = new Map<string, string | undefined>();
    for (const bucket of this.changed) {
      if (taken.size >= limit) break;
      const places = this.places.get(bucket);
      taken.set(bucket, places === undefined ? undefined : encodePlaces(places));
      this.changed.delete(bucket);
    }
    return taken;
  }

  private remove(place: number, bucket: string): void {
    this.bucketOfPlace.delete(place);
    const places = this.places.get(bucket);
    places?.delete(place);
    if (places?.size === 0) this.places.delete(bucket);
    this.changed.add(bucket);
  }
}
