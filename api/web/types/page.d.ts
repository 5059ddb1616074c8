/** The page's own types, based on those of clients/typescript, which are generated from the OpenAPI document. */

import type { components, paths } from "../../../clients/typescript/api.js";

type Schemas = components["schemas"];

export type Job = Schemas["JobAnswer"];
export type JobPage = Schemas["JobList"];
export type Output = Schemas["OutputAnswer"];
export type Timeline = Schemas["Timeline"];
export type PromptJob = Schemas["PromptJobAnswer"];
export type PromptStyle = Schemas["StyleAnswer"];
export type Statistics = Schemas["QueueStatistics"];
export type Installation = Schemas["InstallationReport"];
export type QueueState = Schemas["QueueState"];
export type ProviderState = Schemas["ProviderState"];
export type StatisticsOfDays = Schemas["StatisticsAnswer"];
export type Notice = Schemas["Notice"];
export type Announcement = Schemas["AnnouncementReport"];
export type Model = Schemas["ModelAnswer"];
export type ModelInput = Schemas["FieldAnswer"];
export type Quote = Schemas["PriceAnswer"];
export type CreateJob = Schemas["CreateJob"];
export type EnqueuePrompt = Schemas["EnqueuePrompt"];
export type AskPrice = Schemas["AskPrice"];
export type ResolveJob = Schemas["ResolveJob"];
export type Problem = Schemas["Problem"];
export type Scope = Schemas["Scope"];
export type Session = Required<Schemas["SessionAnswer"]>;
export type BrowserSession = Schemas["BrowserSessionAnswer"];
export type Owner = Schemas["OwnerAnswer"];
export type Limits = Schemas["LimitsAnswer"];
export type ChangeLimits = Schemas["ChangeLimits"];
export type ApiKey = Schemas["KeyAnswer"];
export type CreateKey = Schemas["CreateKey"];
export type CreatedKey = Schemas["CreatedKey"];
export type Budget = Schemas["BudgetAnswer"];
export type Spending = Schemas["SpendList"];
export type AuditEntry = Schemas["AuditAnswer"];
export type AuditPage = Schemas["AuditList"];
export type Collection = Schemas["CollectionAnswer"];
export type Template = Schemas["TemplateAnswer"];
export type TemplatePage = Schemas["TemplateList"];
export type BatchPlan = Schemas["PlanAnswer"];
export type Batch = Schemas["BatchAnswer"];
export type BatchRow = Schemas["RowAnswer"];
export type Vocabulary = Schemas["Vocabulary"];

/** The form's values. */
export interface FormValues {
	model: string;
	/** Other models that get the same prompt. */
	alsoOn: string[];
	/** The model that is sent although WaveSpeed's list does not have it; empty if none is. */
	allowUnknown: string;
	/** The model's inputs by name, as typed; lists as JSON. */
	fields: Record<string, string>;
	targetUrl: string;
	refUrls: string[];
	prompt: string;
	instructions: string;
	writer: "me" | "grok";
	operation: string;
	/** How Grok is to write: style, length, language, and how many variants; what is not there is left to it. */
	ask: Partial<Record<"style" | "length" | "language" | "variants", string>>;
	onPromptFailure: string;
	priority: number;
	/** How often it is queued. */
	runs: number;
	rawInput: string;
	deadlineSeconds: string;
	/** What each job may cost, as typed; empty: no limit. */
	maxPriceUsd: string;
	metadata: string;
	/** The prompt job that wrote the prompt, and its original text. */
	promptJob: WrittenPrompt | null;
	generate: Generate | null;
	/** What was in the form before it was filled from elsewhere. */
	setAside: Omit<FormValues, "setAside"> | null;
	/** The output that the job is made from, and how. */
	parent: Parent | null;
}

export type Relation = NonNullable<CreateJob["relation"]>;

export interface Parent {
	jobId: string;
	/** Null for the job as a whole. */
	index: number | null;
	relation: Relation;
}

export interface WrittenPrompt {
	id: string;
	text: string;
	/** Which of the prompt job's variants; the first if it is not there. */
	variant?: number;
}

/** The state of AI Generate. */
export type Generate =
	| { phase: "asking"; key: string; body: EnqueuePrompt; id?: undefined; job?: undefined; problem?: undefined }
	| { phase: "running" | "done"; key: string; id: string; job: PromptJob; body?: EnqueuePrompt; problem?: undefined }
	| { phase: "failed"; key: string; id?: string; body?: EnqueuePrompt; problem: Trouble };

export interface Trouble {
	message: string;
	hint?: string | null;
}

/** What decides, besides its values, whether the form can be sent. */
export interface Circumstances {
	/** Whether plain http URLs are allowed. */
	plainHttp: boolean;
	drain?: Installation["drain"];
	aiPrompts?: Installation["aiPrompts"];
	uploads?: Installation["uploads"];
	/** Number of images being uploaded. */
	uploading?: number;
	/** Whether the model's inputs are still loading. */
	reading?: boolean;
	/** Whether rows of a table fill in the words of its texts. */
	fills?: boolean;
}

/** Performs an action on a job, from its row, its view or a shortcut. */
export type Act = (name: "open" | "cancel" | "retry" | "copy" | "reuse" | "erase", job: Job) => unknown;

export type Tone = "quiet" | "work" | "good" | "bad" | "attention" | "wait";

// -- the API, by the paths of its OpenAPI document

type Method = "get" | "post" | "put" | "patch" | "patch" | "delete";
export type PathsWith<M extends Method> = { [P in keyof paths]: paths[P][M] extends object ? P : never }[keyof paths];

type Json<Message> = Message extends { content: { "application/json": infer Body } } ? Body : never;
type Operation<P extends keyof paths, M extends Method> = NonNullable<paths[P][M]>;

/** The JSON of a successful response. */
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
	/** The Idempotency-Key of a POST; a new one if omitted. */
	key?: string;
	/** How long to wait for the answer, in milliseconds, where that is longer than usual. */
	patience?: number;
};
/** A call's arguments besides its path; optional if the path is enough. */
export type ArgumentsOf<P extends keyof paths, M extends Method> =
	{} extends CallOf<P, M> ? [call?: CallOf<P, M>] : [call: CallOf<P, M>];

// -- elements

type TagOf<Name extends string> = Name extends `${infer Tag}.${string}` ? Tag : Name;
/** The element created for a name such as `button.primary`. */
export type ElementOf<Name extends string> =
	TagOf<Name> extends keyof HTMLElementTagNameMap ? HTMLElementTagNameMap[TagOf<Name>] : HTMLElement;

/** A child of an element; null, false and empty ones are skipped. */
export type Child = Node | string | number | null | undefined | false;
export type Children = readonly (Child | readonly Child[])[];
export type Attributes = Record<string, string | number | boolean | null | undefined>;

declare global {
	/** Of newer browsers: numbers that are written as they are. */
	interface JSON {
		rawJSON?(text: string): object;
		isRawJSON?(value: unknown): boolean;
		parse(text: string, reviver?: (key: string, value: any, context?: { source?: string }) => any): any;
	}
}
