// What the form would queue: its prompt on each of its models, as many times as it says.

import { digitsOf, parseExact, wholeNumber } from "../core/json.js";
import { jobBody } from "./form_bodies.js";
import { MAX_RUNS, fieldText, parseObject, runsOf } from "./form_rules.js";

/** @import { CreateJob, FormValues, ModelInput } from "../../types/page.js" */
/** @import { Models } from "./models.js" */

export const MAX_MODELS = 6;

/** Bases of seeds that we draw: small enough for all models with seeds. */
const DRAWN_BELOW = 2 ** 31 - 1 - MAX_RUNS;

/** @typedef {{ group: string, base: number }} Draw What is drawn anew for each attempt: the group's name, and the first seed. */

/** Return a seed, at random. */
export function drawSeed() {
	return crypto.getRandomValues(new Uint32Array(1))[0] % DRAWN_BELOW;
}

/**
 * Return the models' paths, the chosen one first.
 *
 * @param {FormValues} values
 */
export function pathsOf(values) {
	return [...new Set([values.model.trim(), ...values.alsoOn])];
}

/**
 * Return the jobs to queue, in order. Several are one group, which their metadata names.
 *
 * @param {FormValues} values
 * @param {Models} models
 * @param {Draw} draw
 * @returns {CreateJob[]}
 */
export function jobsOf(values, models, { group, base }) {
	const runs = runsOf(values);
	const jobs = pathsOf(values).flatMap((path) => {
		const body = jobBody(valuesFor(values, path, models), models);
		const seed = models.fieldsOf(path)?.find(({ name }) => name === "seed");
		return Array.from({ length: runs }, (_, run) => (seed && runs > 1 ? withSeed(body, seed, base, run) : body));
	});
	return jobs.length === 1 ? jobs : jobs.map((job) => ({ ...job, metadata: { group, ...job.metadata } }));
}

/**
 * Return the form's values for one of its models: of the inputs of another, those that fit this one.
 *
 * @param {FormValues} values
 * @param {string} path
 * @param {Models} models
 * @returns {FormValues}
 */
export function valuesFor(values, path, models) {
	if (path === values.model.trim()) return values;
	const known = models.fieldsOf(path) ?? [];
	const fitting = known.filter((field) => fits(field, fieldText(values, field.name).trim()));
	const raw = Object.entries(parseObject(values.rawInput) ?? {}).filter(([name]) => known.some((field) => field.name === name));
	return {
		...values,
		model: path,
		fields: Object.fromEntries(fitting.map(({ name }) => [name, fieldText(values, name)])),
		rawInput: raw.length ? JSON.stringify(Object.fromEntries(raw)) : "",
	};
}

/**
 * Return whether a text that was entered for another model is among what this one offers.
 *
 * @param {ModelInput} field
 * @param {string} text
 */
function fits({ choices, minimum, maximum, type }, text) {
	if (!text) return false;
	if (choices) return choices.some((choice) => String(choice) === text);
	if (type !== "number" && type !== "integer") return true;
	return Number(text) >= (minimum ?? -Infinity) && Number(text) <= (maximum ?? Infinity);
}

/**
 * Return the job of one run, with a seed of its own: counted up from the given one, and down where that is the largest.
 *
 * @param {CreateJob} body
 * @param {ModelInput} field
 * @param {number} base
 * @param {number} run
 */
function withSeed(body, { maximum }, base, run) {
	const given = digitsOf(body.input?.seed);
	const first = BigInt(given === null || given === "-1" ? base : given);
	const room = maximum === null || first + BigInt(MAX_RUNS) <= BigInt(Math.trunc(maximum));
	const seed = room ? first + BigInt(run) : first - BigInt(run);
	return { ...body, input: { ...body.input, seed: wholeNumber(String(seed)) } };
}

/**
 * Return a copy that may be sent later, whatever the form becomes.
 *
 * @param {CreateJob[]} jobs
 * @returns {CreateJob[]}
 */
export function frozen(jobs) {
	return parseExact(JSON.stringify(jobs));
}
