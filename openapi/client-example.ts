/**
 * A client in a hundred lines: check → create lead → convert. Its types are generated from openapi.json by `make contract`, which
 * compiles this file, so that it stays right. It uses nothing but `fetch`.
 */
import type { components, operations } from "./build/leadwerk.js";

type Schemas = components["schemas"];
type Problem = Schemas["Problem"];
type OperationId = keyof operations;

/** What an operation answers with, of all its JSON answers. */
type Answer<O extends OperationId> = {
  [S in keyof operations[O]["responses"]]: operations[O]["responses"][S] extends {
    content: { "application/json": infer Body };
  }
    ? Body
    : never;
}[keyof operations[O]["responses"]];

/** What an operation is sent. */
type Sent<O extends OperationId> = operations[O] extends {
  requestBody: { content: { "application/json": infer Body } };
}
  ? Body
  : undefined;

/** Any error: `code` is stable and meant for programs. */
export class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail);
  }

  is<K extends "CustomerTakenProblem" | "PossiblyTakenProblem">(code: string): this is { problem: Schemas[K] } {
    return this.problem.code === code;
  }
}

export class Leadwerk {
  private token = "";

  constructor(private readonly url: string) {}

  async signIn(login: string, password: string): Promise<Schemas["SignedIn"]> {
    const session = await this.send<"sign_in">("POST", "/v1/auth/sessions", { login, password });
    this.token = session.access_token;
    return session;
  }

  /** `key` makes the request safe to repeat: the same key and content again has no second effect. */
  async send<O extends OperationId>(
    method: string,
    path: string,
    body?: Sent<O>,
    key: string = crypto.randomUUID(),
  ): Promise<Answer<O>> {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        "Accept-Language": "de",
        ...(this.token && { Authorization: `Bearer ${this.token}` }),
        ...(body !== undefined && { "Content-Type": "application/json" }),
        ...(method === "POST" && { "Idempotency-Key": key }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Refused((await response.json()) as Problem);
    return (await response.json()) as Answer<O>;
  }
}

/** Registers the customer, unless somebody else has them, and makes them a customer of ours. */
export async function register(client: Leadwerk, customer: Schemas["LeadCreate"]): Promise<Schemas["ConversionRead"]> {
  const check = await client.send<"check_protection">("POST", "/v1/protection-checks", {
    name: customer.name ?? null,
    city: customer.city ?? null,
    postal_code: customer.postal_code ?? null,
  });
  if (!check.contact_allowed) {
    const until = check.matches.find((match) => match.until !== null)?.until;
    throw new Error(`taken until ${until ?? "further notice"}; ask ${check.ask.map((head) => head.name).join(", ")}`);
  }

  let lead: Schemas["LeadRead"];
  try {
    lead = await client.send<"create_lead">("POST", "/v1/leads", { ...customer, receipt_id: check.id });
  } catch (error) {
    if (error instanceof Refused && error.is<"CustomerTakenProblem">("customer_taken")) {
      throw new Error(`${error.problem.matches[0]?.holder?.name ?? "somebody"} was faster`);
    }
    throw error;
  }

  const preview = await client.send<"preview_conversion">("GET", `/v1/leads/${lead.id}/conversion`);
  const known = preview.matches.find((match) => match.verdict === "duplicate" && match.may_update);
  return client.send<"convert_lead">(
    "POST",
    `/v1/leads/${lead.id}/conversion`,
    known
      ? { outcome: "update", account_id: known.ref, take: known.fields.filter((f) => f.differs).map((f) => f.field) }
      : { outcome: "create", account: { level: "B", industry: "mechanical_engineering", legal_form: "GmbH" } },
  );
}
