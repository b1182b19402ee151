import { api, useSend } from "../api";
import { ifWrong, Refusal } from "./Refusal";

/** Asked of everybody once the launch has accounts. */
export function SignIn({ done }: { done: () => void }) {
  const { send, busy, error } = useSend();
  async function signIn(form: FormData) {
    const body = { name: String(form.get("name")), password: String(form.get("password")) };
    if (await send(body, () => api.POST("/api/v1/session", { body }))) done();
  }
  return (
    <form className="sheet" style={{ maxWidth: "24rem", margin: "3rem auto" }} action={(form) => void signIn(form)}>
      <h1>Sign in</h1>
      <p>
        <label htmlFor="name">name</label>
        <input id="name" name="name" autoComplete="username" required {...ifWrong(error, "sign-in-wrong")} />
      </p>
      <p>
        <label htmlFor="password">password</label>
        <input
          id="password"
          name="password"
          type="password"
          autoComplete="current-password"
          required
          {...ifWrong(error, "sign-in-wrong")}
        />
      </p>
      <button disabled={busy}>Sign in</button>
      {error && <Refusal error={error} id="sign-in-wrong" />}
    </form>
  );
}
