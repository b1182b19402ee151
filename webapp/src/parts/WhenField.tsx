import { useEffect, useRef } from "react";

/**
 * A day or a moment that is asked about. While a year is typed its first figures are a year too: nothing is chosen
 * before it is whole and within `min` and `max`; "" is chosen where all of it was taken away.
 */
export function WhenField({
  id,
  type,
  value,
  min,
  max,
  chosen,
}: {
  id: string;
  type: "date" | "datetime-local";
  value: string;
  min: string;
  max: string;
  chosen: (value: string) => void;
}) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (field.current && field.current.value !== value) field.current.value = value;
  }, [value]);
  return (
    <input
      ref={field}
      id={id}
      type={type}
      defaultValue={value}
      min={min}
      max={max}
      onChange={(event) => event.target.validity.valid && chosen(event.target.value)}
    />
  );
}
