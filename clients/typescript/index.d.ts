import type { components, paths } from "./api.js";

export type { components, paths };
export type Schemas = components["schemas"];
export type Job = Schemas["JobAnswer"];
export type CreateJob = Schemas["CreateJob"];
export type Problem = Schemas["Problem"];

export type Method = "get" | "post" | "put" | "patch" | "delete";

/** The operations of one path. */
type At<P extends keyof paths, M extends Method> = Exclude<paths[P][M], undefined>;
type Parameters<O> = O extends { parameters: infer Given } ? Given : never;
type Part<O, Name extends string> = Name extends keyof Parameters<O> ? Parameters<O>[Name] : never;
type Body<O> = O extends { requestBody?: { content: infer Content } }
	? Content extends { "application/json": infer Json }
		? Json
		: FormData
	: undefined;
type Success = 200 | 201 | 202;
type Content<Told> = Told extends { content: { "application/json": infer Json } } ? Json : undefined;

/** What an operation answers. */
export type Answer<P extends keyof paths, M extends Method> =
	At<P, M> extends { responses: infer Told } ? Content<Told[keyof Told & Success]> : never;

/** What goes with a call. */
export interface Init<P extends keyof paths, M extends Method> {
	/** What stands in the path's braces. */
	path?: Part<At<P, M>, "path">;
	query?: Part<At<P, M>, "query">;
	body?: Body<At<P, M>>;
	/** Makes a POST repeatable: the same key takes effect once within a day. */
	idempotencyKey?: string;
	headers?: Record<string, string>;
	signal?: AbortSignal;
}

export interface Options {
	/** Where the API is, with the prefix that it is published under. Default: where the page comes from. */
	url?: string;
	/** An API key. */
	key?: string;
	/** The owner to act for; admins only. */
	owner?: string;
	/** How often a call is sent again where that is safe and may help. Default: 3. */
	retries?: number;
	fetch?: typeof fetch;
}

export interface Waiting {
	/** Milliseconds to wait. Default: until it ends. */
	within?: number;
	signal?: AbortSignal;
}

/** A request that was refused. */
export class RefusedError extends Error {
	readonly status: number;
	/** Stable: branch on it. */
	readonly code: string;
	/** Null if what answered is no Promptmill. */
	readonly problem: Problem | null;
}

/** A job that has no outputs: it failed, was cancelled, or is unclear. */
export class JobError extends Error {
	readonly job: Job;
	readonly reasonCode: string | null;
}

export class Client {
	constructor(options?: Options);
	/** Call an operation of the API. GET, PUT, PATCH and DELETE are repeated, POST only with its `idempotencyKey`. */
	call<P extends keyof paths, M extends Method & keyof paths[P]>(
		method: M,
		path: P,
		init?: Init<P, M>,
	): Promise<Answer<P, M>>;
	/** Create a job; without a key of its own it gets a new one, so that it can be repeated. */
	createJob(order: CreateJob, options?: { idempotencyKey?: string; signal?: AbortSignal }): Promise<Job>;
	/** Wait until a job has ended, or is unclear. */
	waitForJob(jobId: string, waiting?: Waiting): Promise<Job>;
	/** Create a job and wait for its outputs. */
	run(order: CreateJob, options?: Waiting & { idempotencyKey?: string }): Promise<Job>;
	/** Upload an image, a video or a sound: its `url` can be used in `input`. */
	upload(file: Blob, name?: string): Promise<Schemas["UploadedFile"]>;
}
