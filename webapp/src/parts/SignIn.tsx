import { useState } from "react";
import { api, refused, type Refused } from "../api";
import { Refusal } from "./Refusal";

/** Asked of everybody once the launch has accounts. */
export function SignIn({ done }: { done: () => void }) {
  const [error, setError] = useState<Refused>();
  async function send(form: FormData) {
    const answer = await api.POST("/api/v1/session", { body: { name: String(form.get("name")), password: String(form.get("password")) } });
    if (answer.error) setError(refused(answer.error));
    else done();
  }
  return (
    <form className="sheet" style={{ maxWidth: "24rem", margin: "3rem auto" }} action={(form) => void send(form)}>
      <h1>Sign in</h1>
      <p><label htmlFor="name">name</label><input id="name" name="name" autoComplete="username" required /></p>
      <p><label htmlFor="password">password</label><input id="password" name="password" type="password" autoComplete="current-password" required /></p>
      <button>Sign in</button>
      {error && <Refusal error={error} />}
    </form>
  );
}
