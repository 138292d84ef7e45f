import { openPool } from '@ballast/platform';
import { beforeEach, describe, expect, test } from 'vitest';
import { complaintsAbout, databaseOf } from '../testing/services.fixture.js';
import { ledgerAddsUp } from './ledger.js';
import { nothingStaysPrepared } from './prepared.js';
import { slotsMatchShipments } from './slots.js';
import { stockAddsUp } from './stock.js';
import { walletsMatchTheLedger } from './wallets.js';

const payment = await databaseOf('payment');
const inventory = await databaseOf('inventory');
const shipping = await databaseOf('shipping');
const orders = await databaseOf('order');
const order = '019a0000-0000-7000-8000-000000000001';

describe('money', () => {
  beforeEach(async () => {
    await payment.rows('TRUNCATE wallet, posting, ledger_total');
    await payment.rows("INSERT INTO wallet VALUES ('alice', 600)");
    await payment.rows(
      `INSERT INTO posting (amount_cents, order_id, kind, account, customer_id) VALUES
         (-1000, NULL, 'deposit', 'bank', NULL), (1000, NULL, 'deposit', 'customer', 'alice'),
         (-400, '${order}', 'authorize', 'customer', 'alice'), (400, '${order}', 'authorize', 'escrow', NULL)`,
    );
    await payment.rows('INSERT INTO ledger_total VALUES (600, 400, 0, -1000)');
  });

  test('books that are in order are not complained about', async () => {
    expect(await complaintsAbout(ledgerAddsUp, payment)).toEqual([]);
    expect(await complaintsAbout(walletsMatchTheLedger, payment)).toEqual([]);
  });

  test('a posting that is missing is found, with its order', async () => {
    await payment.rows("DELETE FROM posting WHERE account = 'escrow'");
    expect(await complaintsAbout(ledgerAddsUp, payment)).toEqual([
      'all: all postings add up to -400 cents, not to 0',
      'all: the total of escrow is 400 cents, its postings say 0',
      `${order}: its authorize has 1 postings, which add up to -400 cents`,
    ]);
  });

  test('a wallet with money from nowhere is found', async () => {
    await payment.rows('UPDATE wallet SET balance_cents = 601');
    await payment.rows("INSERT INTO wallet VALUES ('bob', 5)");
    expect(await complaintsAbout(walletsMatchTheLedger, payment)).toEqual([
      'all: the wallet of alice holds 601, its postings say 600',
      'all: the wallet of bob holds 5, its postings say 0',
    ]);
  });
});

describe('stock', () => {
  beforeEach(async () => {
    await inventory.rows('TRUNCATE stock, reservation');
    await inventory.rows(
      `INSERT INTO stock (sku, available, reserved, shipped, delivered) VALUES ('kettle', 5, 3, 2, 10), ('lamp', 1, 0, 0, 1)`,
    );
    await inventory.rows(`
      INSERT INTO reservation VALUES
        ('${order}', 'reserved', 'north', '[{"sku": "kettle", "quantity": 1}, {"sku": "kettle", "quantity": 2}]'),
        (gen_random_uuid(), 'shipped', 'north', '[{"sku": "kettle", "quantity": 2}]'),
        (gen_random_uuid(), 'released', 'north', '[{"sku": "lamp", "quantity": 1}]')`);
  });

  test('stock that is what the orders hold is not complained about', async () => {
    expect(await complaintsAbout(stockAddsUp, inventory)).toEqual([]);
  });

  test('goods that no order holds are found', async () => {
    await inventory.rows(`UPDATE reservation SET status = 'released' WHERE order_id = '${order}'`);
    expect(await complaintsAbout(stockAddsUp, inventory)).toEqual([
      expect.stringContaining(
        'kettle: 5 available + 3 reserved + 2 shipped of 10 delivered; the orders hold 0',
      ),
    ]);
  });

  test('stock that does not add up is found', async () => {
    await inventory.rows('ALTER TABLE stock DROP CONSTRAINT stock_adds_up');
    await inventory.rows("UPDATE stock SET available = 6 WHERE sku = 'kettle'");
    expect(await complaintsAbout(stockAddsUp, inventory)).toEqual([expect.stringContaining('kettle: 6')]);
  });
});

test('slots that were lost are found', async () => {
  await shipping.rows(
    `INSERT INTO capacity VALUES ('north', '2030-01-01', 2); INSERT INTO slot (zone, day) VALUES ('north', '2030-01-01')`,
  );
  expect(await complaintsAbout(slotsMatchShipments, shipping)).toEqual([
    'all: north on 2030-01-01 ought to have 2 slots and has 1',
  ]);
});

test('a prepared transaction of an order that has ended is found, whoever left it', async () => {
  const pool = openPool({ url: orders.url, applicationName: 'prepared', max: 1 });
  const gid = `payment:${order}`;
  try {
    const connection = await pool.connect();
    await connection.query({ text: 'CREATE TABLE locked_by_test (id int)' });
    await connection.query({ text: 'BEGIN' });
    await connection.query({ text: `INSERT INTO locked_by_test VALUES (1)` });
    await connection.query({ text: `PREPARE TRANSACTION '${gid}'` });
    connection.release();
    const complaints = await complaintsAbout(nothingStaysPrepared, orders, { limits: { restMs: 0 } });
    expect(complaints).toContain(`${order}: ${gid} has been prepared for 0 s at payment`);
    expect(await complaintsAbout(nothingStaysPrepared, orders)).toEqual([]);
  } finally {
    await pool.query({ text: `ROLLBACK PREPARED '${gid}'` });
    await pool.end();
  }
});
