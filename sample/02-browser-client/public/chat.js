/** What is written beside a remark of this page. */
const MARKS = { waiting: 'waits', sent: 'on its way', said: '' };

const newId = () => `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;

/** The conversation: what was said by all, and what this page has said and not heard back yet. */
export class Chat {
  #socket;
  #list = document.querySelector('#remarks');
  /** Remarks of this page without an echo, by id. */
  #unconfirmed = new Map();
  #lastAt = 0;

  constructor(socket) {
    this.#socket = socket;
    // On each connection, before what waits: what did I miss, and has this arrived?
    socket.subscribe('room', () => JSON.stringify({ event: 'join', data: this.#joining() }));
    socket.addEventListener('open', () => this.#markAllSent());
    socket.addEventListener('message', ({ data }) => this.#heard(JSON.parse(data)));
    const name = document.querySelector('#name');
    name.value = `Guest ${Math.floor(Math.random() * 900) + 100}`;
    document.querySelector('#say').addEventListener('submit', (event) => {
      event.preventDefault();
      const text = document.querySelector('#text');
      this.#say({ id: newId(), name: name.value, text: text.value });
      text.value = '';
    });
  }

  /** How many remarks wait for a connection. */
  get waiting() {
    return this.#in('waiting').length;
  }

  #say(remark) {
    const state = this.#socket.readyState === WebSocket.OPEN ? 'sent' : 'waiting';
    const row = this.#row(remark);
    this.#unconfirmed.set(remark.id, { remark, row, state });
    this.#mark(remark.id, state);
    // While away, the client keeps it and sends it later.
    this.#socket.send(JSON.stringify({ event: 'chat', data: remark }));
  }

  /** What was given to a connection that died may have arrived or not; what waits will be sent by the client. */
  #joining() {
    return { after: this.#lastAt, unconfirmed: this.#in('sent').map(({ remark }) => remark) };
  }

  #markAllSent() {
    for (const id of this.#unconfirmed.keys()) this.#mark(id, 'sent');
  }

  #heard({ event, data }) {
    if (event !== 'chat' || data.at <= this.#lastAt) return;
    this.#lastAt = data.at;
    if (this.#unconfirmed.has(data.id)) {
      this.#mark(data.id, 'said');
      this.#unconfirmed.delete(data.id);
    } else this.#row(data);
  }

  #in(state) {
    return [...this.#unconfirmed.values()].filter((entry) => entry.state === state);
  }

  #mark(id, state) {
    const entry = this.#unconfirmed.get(id);
    entry.state = state;
    entry.row.dataset.state = state;
    entry.row.querySelector('small').textContent = MARKS[state];
  }

  #row({ name, text }) {
    const row = document.createElement('li');
    const who = document.createElement('strong');
    const what = document.createElement('span');
    who.textContent = name;
    what.textContent = text;
    row.append(who, ' ', what, ' ', document.createElement('small'));
    this.#list.append(row);
    this.#list.parentElement.scrollTop = this.#list.parentElement.scrollHeight;
    return row;
  }
}
