import kafkajs from 'kafkajs';
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';

/*
 * kafkajs 2.2.4 looks every millisecond, for each connection, for requests that wait to be sent, also when none does
 * (its issue 1704): an idle process kept a twentieth of a core busy. Nothing waits: nothing to look for. A request that
 * begins to wait asks for it anew.
 */
const { prototype } = RequestQueue;
const lookLater = prototype.scheduleCheckPendingRequests;
prototype.scheduleCheckPendingRequests = function () {
  if (this.pending.length > 0) lookLater.call(this);
};

/** kafkajs as all of Ballast uses it. */
export const { AssignerProtocol, Kafka, logLevel, Partitioners } = kafkajs;
