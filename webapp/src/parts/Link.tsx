import type { AnchorHTMLAttributes, MouseEvent } from "react";
import { go } from "../route";

/** A link within the app: an ordinary anchor, so that it can be copied, opened in a tab and reached by keyboard. */
export function Link({ href, onClick, ...rest }: AnchorHTMLAttributes<HTMLAnchorElement> & { href: string }) {
  function follow(event: MouseEvent<HTMLAnchorElement>) {
    onClick?.(event);
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    go(href);
    window.scrollTo(0, 0);
  }
  return <a href={href} onClick={follow} {...rest} />;
}
