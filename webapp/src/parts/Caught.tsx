import { Component, type ReactNode } from "react";

/** A page whose script never came, or which fails while it is drawn, is said to; the menu stays. */
export class Caught extends Component<{ children: ReactNode }, { wrong?: Error }> {
  override state: { wrong?: Error } = {};
  static getDerivedStateFromError = (wrong: Error) => ({ wrong });
  override render() {
    if (!this.state.wrong) return this.props.children;
    return (
      <div className="notice" role="alert">
        <h1>Not to be shown</h1>
        <p>
          This page could not be loaded: {this.state.wrong.message}. Is <code>beachhead serve</code> still running?
        </p>
        <p>
          <button onClick={() => window.location.reload()}>Load it again</button>
        </p>
      </div>
    );
  }
}
