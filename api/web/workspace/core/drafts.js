// Where the browser keeps what was typed: each installation on a host has drafts of its own.

import { ROOT } from "./published.js";

/** `forgotten`: whoever typed them has signed out, and from then on none is kept. */
export const DRAFTS = { form: `promptmill.form${ROOT}`, batch: `promptmill.batch${ROOT}`, forgotten: false };
