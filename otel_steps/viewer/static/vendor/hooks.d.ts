// What the viewer uses of Preact's hooks.

type Inputs = readonly unknown[];

export function useCallback<T extends (...args: any[]) => unknown>(callback: T, inputs: Inputs): T;
export function useEffect(effect: () => void | (() => void), inputs?: Inputs): void;
export function useLayoutEffect(effect: () => void | (() => void), inputs?: Inputs): void;
export function useMemo<T>(make: () => T, inputs: Inputs): T;
export function useErrorBoundary(caught?: (error: unknown) => void): [any, () => void];
export function useRef<T>(initial: T): { current: T };
export function useState<S>(initial: S | (() => S)): [S, (next: S | ((old: S) => S)) => void];
