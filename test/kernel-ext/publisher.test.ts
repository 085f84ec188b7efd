import { afterEach, describe, expect, it } from 'vitest';
import { Subscriber, XPublisher, XSubscriber } from 'zeromq';
import { createPublisher, type Sender } from '../../kernel-ext/src/protocol/publisher.js';

/** Messages that each subscriber waits for. */
const enough = 60;
let socket: XPublisher;
afterEach(() => socket.close());

async function publisher(): Promise<Sender> {
  socket = new XPublisher({ sendHighWaterMark: 0, linger: 1_000, manual: true });
  await socket.bind('tcp://127.0.0.1:*');
  return createPublisher(socket, (topic) => [topic, 'welcome', topic]);
}

async function hear(topic: string): Promise<string[]> {
  const subscriber = new Subscriber({ linger: 0, receiveHighWaterMark: 0, receiveTimeout: 60_000 });
  subscriber.subscribe(topic);
  subscriber.connect(socket.lastEndpoint ?? '');
  const heard: string[] = [];
  while (heard.length < enough) {
    const [about = '', text = ''] = (await subscriber.receive()).map(String);
    if (!about.startsWith(topic)) throw new Error(`${about} came for ${topic}`);
    // Others with the same topic hear a welcome too.
    if (heard.length === 0 || text !== 'welcome') heard.push(text);
  }
  subscriber.close();
  return heard;
}

/** Come and go at once, so that ZeroMQ loses a peer while others subscribe. */
async function pass(): Promise<void> {
  const subscriber = new Subscriber({ linger: 0 });
  subscriber.subscribe('');
  subscriber.connect(socket.lastEndpoint ?? '');
  await breathe();
  subscriber.close();
}

/** Send what no subscriber sends. */
async function disturb(): Promise<void> {
  const peer = new XSubscriber({ linger: 0 });
  peer.connect(socket.lastEndpoint ?? '');
  for (const message of ['x', Buffer.from([1, 122]), 'y', '']) await peer.send(message);
  await breathe();
  peer.close();
}

const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Publish numbers until all who listen have heard enough. */
async function publishUntil(sender: Sender, all: Promise<unknown>): Promise<void> {
  let isOver = false;
  const end = (): void => {
    isOver = true;
  };
  all.then(end, end);
  for (let n = 0; !isOver; n++) {
    sender.push([n % 2 ? 'odd' : 'even', String(n)]);
    await sender.drained();
    if (n % 10 === 0) await breathe();
  }
}

/** Let subscribers come while numbers are published; returns what each of them heard. */
async function comeAndHear(
  topics: readonly string[],
  others: () => Promise<unknown>,
): Promise<string[][]> {
  const sender = await publisher();
  const all = (async () => {
    const hearing: Promise<string[]>[] = [];
    for (const [i, topic] of topics.entries()) {
      hearing.push(hear(topic));
      if (i % 3 === 0) await others();
    }
    return Promise.all(hearing);
  })();
  await publishUntil(sender, all);
  return all;
}

function expectAllAfterTheFirst(heard: readonly string[], topic: string): void {
  const numbers = heard.filter((text) => text !== 'welcome').map(Number);
  const step = topic === '' ? 1 : 2;
  expect(numbers).toEqual(numbers.map((_, k) => numbers[0]! + step * k));
}

const many = 120;

describe('the publisher of iopub', () => {
  it.each([
    ['many subscribers', Array<string>(many).fill(''), breathe],
    [
      'subscribers of several topics',
      Array.from({ length: many }, (_, i) => ['', 'odd', 'even'][i % 3] as string),
      breathe,
    ],
    ['subscribers while others come and go', Array<string>(many).fill(''), pass],
  ])('sends %s their welcome first and everything after it', async (_, topics, others) => {
    for (const [i, heard] of (await comeAndHear(topics, others)).entries()) {
      expect(heard[0]).toBe('welcome');
      expectAllAfterTheFirst(heard, topics[i]!);
    }
  });

  it('loses no subscriber to peers that send what no subscriber sends', async () => {
    const topics = Array.from({ length: many }, (_, i) => ['', 'odd', 'even'][i % 3] as string);
    const heard = await comeAndHear(topics, disturb);
    for (const [i, texts] of heard.entries()) expectAllAfterTheFirst(texts, topics[i]!);
  });

  it('sends nothing about a topic that is unsubscribed, and welcomes to it anew', async () => {
    const sender = await publisher();
    const subscriber = new Subscriber({ linger: 0, receiveTimeout: 60_000 });
    subscriber.connect(socket.lastEndpoint ?? '');
    const next = async () => (await subscriber.receive()).map(String);
    subscriber.subscribe('a');
    expect(await next()).toEqual(['a', 'welcome', 'a']);
    subscriber.subscribe('b');
    expect(await next()).toEqual(['b', 'welcome', 'b']);
    sender.push(['a', '1']);
    sender.push(['b', '2']);
    expect(await next()).toEqual(['a', '1']);
    expect(await next()).toEqual(['b', '2']);
    subscriber.unsubscribe('a');
    subscriber.subscribe('c');
    expect(await next()).toEqual(['c', 'welcome', 'c']);
    sender.push(['a', '3']);
    sender.push(['b', '4']);
    expect(await next()).toEqual(['b', '4']);
    subscriber.subscribe('a');
    expect(await next()).toEqual(['a', 'welcome', 'a']);
    subscriber.close();
  });

  it('drops what is pushed after the socket was closed', async () => {
    const sender = await publisher();
    socket.close();
    sender.push(['a', '1']);
    await sender.drained();
  });
});
