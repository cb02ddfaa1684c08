import type { Wish } from "@/lib/enrolment/enrolment-api";

/** What somebody agreed to. */
export const WISH: Wish = {
  title: "Hana",
  expiresAt: 1_800_000_000,
  agreed: true,
  adult: true,
  keeps: false,
};

export const STATEMENT = { en: "This is my face.", ko: "이것은 내 얼굴입니다." };

/** What somebody asks for by a link. */
export const LICENCE = {
  licensee: "Studio",
  expiresAt: 1_800_000_000,
  taken: false,
  statement: { en: "This is my face, for Studio.", ko: "Studio에 빌려주는 내 얼굴입니다." },
};

export const OFFER = {
  enrolment: `enr-${"a".repeat(24)}`,
  identity: "own-01234567",
  statement: STATEMENT,
  handle: "HANA-HANA-HANA-HANA-HANA-HANA-HANA-HANA",
  beginWithin: 600,
};

/** A call server that answers by `METHOD path`, and what it was asked. */
export class FakeServer {
  readonly asked: { method: string; path: string; body: unknown }[] = [];
  readonly answers: Record<string, () => Response> = {
    "GET /api/account": () =>
      Response.json({
        account: { id: "acc-0123456789abcdef", name: "Hana", createdAt: 1_795_000_000 },
        registration: "invited",
        passkeys: true,
        provider: false,
      }),
    "GET /api/enrolments/statement": () => Response.json({ statement: STATEMENT, expiresAt: WISH.expiresAt }),
    "POST /api/enrolments": () => Response.json(OFFER, { status: 201 }),
    "POST /api/rooms": () => Response.json({ room: "room", link: "" }, { status: 201 }),
    "POST /api/rooms/room/tickets": () =>
      Response.json({ ticket: "room.ticket", expiresIn: 60, peer: "p1", rejoin: "again" }, { status: 201 }),
    [`DELETE /api/enrolments/${OFFER.enrolment}`]: () => Response.json({ enrolment: null }),
  };

  readonly fetch = async (path: string, init: RequestInit): Promise<Response> => {
    const method = init.method ?? "GET";
    this.asked.push({
      method,
      path,
      body: init.body === undefined ? undefined : JSON.parse(String(init.body)),
    });
    return this.answers[`${method} ${path.split("?")[0]}`]?.() ?? this.refusal(404, "room_unknown");
  };

  /** Answer with a refusal from now on. */
  refuse(what: string, status: number, code: string): void {
    this.answers[what] = () => this.refusal(status, code);
  }

  refusal(status: number, code: string): Response {
    return Response.json({ code, message: "x", retryable: false }, { status });
  }

  asks(what: string): { body: unknown }[] {
    return this.asked.filter(({ method, path }) => `${method} ${path.split("?")[0]}` === what);
  }
}
