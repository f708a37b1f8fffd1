/** Lines with the time, the latest first. */
export class Log {
  #list;

  constructor(list) {
    this.#list = list;
  }

  /** @param kind `good`, `bad` or `quiet` */
  add(kind, text) {
    const line = document.createElement('li');
    const time = document.createElement('time');
    const now = new Date();
    time.dateTime = now.toISOString();
    time.textContent = now.toLocaleTimeString('en-GB');
    line.dataset.kind = kind;
    line.append(time, ' ', text);
    this.#list.prepend(line);
    while (this.#list.children.length > 200) this.#list.lastChild.remove();
  }
}
