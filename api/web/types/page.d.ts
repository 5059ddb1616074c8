/** The page's own types, named after what the API's document says. `api.d.ts` beside this is generated from it. */

import type { components, paths } from "./api.js";

type Schemas = components["schemas"];

export type Job = Schemas["JobAnswer"];
export type JobPage = Schemas["JobList"];
export type Output = Schemas["OutputAnswer"];
export type Timeline = Schemas["Timeline"];
export type PromptJob = Schemas["PromptJobAnswer"];
export type Statistics = Schemas["QueueStatistics"];
export type Installation = Schemas["InstallationReport"];
export type Notice = Schemas["Notice"];
export type Model = Schemas["ModelAnswer"];
export type ModelDetail = Schemas["ModelDetail"];
export type ModelInput = Schemas["FieldAnswer"];
export type Quote = Schemas["PriceAnswer"];
export type CreateJob = Schemas["CreateJob"];
export type EnqueuePrompt = Schemas["EnqueuePrompt"];
export type AskPrice = Schemas["AskPrice"];
export type ResolveJob = Schemas["ResolveJob"];
export type Problem = Schemas["Problem"];
export type Vocabulary = Schemas["Vocabulary"];

/** What stands in the form. */
export interface FormValues {
	model: string;
	/** Inputs of the model by name, as they were typed. */
	fields: Record<string, string>;
	targetUrl: string;
	refUrls: string[];
	prompt: string;
	instructions: string;
	writer: "me" | "grok";
	operation: string;
	onPromptFailure: string;
	priority: number;
	rawInput: string;
	deadlineSeconds: string;
	metadata: string;
	/** The prompt job whose text stands in the prompt, as it was written. */
	promptJob: WrittenPrompt | null;
	generate: Generate | null;
}

export interface WrittenPrompt {
	id: string;
	text: string;
}

/** How far AI Generate is. */
export type Generate =
	| { phase: "asking"; key: string; body: EnqueuePrompt; id?: undefined; job?: undefined; problem?: undefined }
	| { phase: "running" | "done"; key: string; id: string; job: PromptJob; body?: undefined; problem?: undefined }
	| { phase: "failed"; key: string; id?: string; problem: Trouble };

export interface Trouble {
	message: string;
	hint?: string | null;
}

/** What decides whether the form may be sent, beside what stands in it. */
export interface Circumstances {
	/** Whether plain http addresses are taken. */
	plainHttp: boolean;
	drain?: Installation["drain"];
	aiPrompts?: Installation["aiPrompts"];
	uploads?: Installation["uploads"];
	/** How many pictures are being uploaded. */
	uploading?: number;
	/** Whether the inputs of the model are still being read. */
	reading?: boolean;
}

/** What may be done with a job from its row, its view or a key. */
export type Act = (name: "open" | "cancel" | "retry" | "copy" | "reuse", job: Job) => unknown;

export type Tone = "quiet" | "work" | "good" | "bad" | "attention" | "wait";

// -- the API, by the paths of its document

type Method = "get" | "post" | "put" | "delete";
export type PathsWith<M extends Method> = { [P in keyof paths]: paths[P][M] extends object ? P : never }[keyof paths];

type Json<Message> = Message extends { content: { "application/json": infer Body } } ? Body : never;
type Operation<P extends keyof paths, M extends Method> = NonNullable<paths[P][M]>;

/** The JSON of an answer that is no problem. */
export type AnswerOf<P extends keyof paths, M extends Method> =
	Operation<P, M> extends { responses: infer Responses } ? Json<Responses[keyof Responses & (200 | 201 | 202)]> : never;

type ParamsOf<P extends keyof paths, M extends Method> =
	Operation<P, M> extends { parameters: { path: infer Params } } ? { params: Params & Record<string, string> } : { params?: undefined };
type BodyOf<P extends keyof paths, M extends Method> =
	Operation<P, M> extends { requestBody: infer Body } ? { body: Json<Body> }
	: Operation<P, M> extends { requestBody?: infer Body } ? { body?: Json<NonNullable<Body>> }
	: { body?: undefined };

export type CallOf<P extends keyof paths, M extends Method> = ParamsOf<P, M> & BodyOf<P, M> & {
	query?: URLSearchParams;
	/** The Idempotency-Key of a POST; a new one where none is given. */
	key?: string;
};
/** What a call needs beside its path: nothing, where the path says it all. */
export type ArgumentsOf<P extends keyof paths, M extends Method> =
	{} extends CallOf<P, M> ? [call?: CallOf<P, M>] : [call: CallOf<P, M>];

// -- elements

type TagOf<Name extends string> = Name extends `${infer Tag}.${string}` ? Tag : Name;
/** The element that a name such as `button.primary` makes. */
export type ElementOf<Name extends string> =
	TagOf<Name> extends keyof HTMLElementTagNameMap ? HTMLElementTagNameMap[TagOf<Name>] : HTMLElement;

/** What may stand in an element; what is null, false or empty is passed over. */
export type Child = Node | string | number | null | undefined | false;
export type Children = readonly (Child | readonly Child[])[];
export type Attributes = Record<string, string | number | boolean | null | undefined>;
