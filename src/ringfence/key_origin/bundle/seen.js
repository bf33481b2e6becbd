// What a person can have had before their eyes, as far as every browser says it: an element that stood in the window and
// in each frame around ours, uncut. What a page lays over our frame, or how it tints it, is not told here.

// Of what is taller than this, a part of this height is enough: it may not fit the frame.
const TALL_PX = 120;
const UNCUT = 0.95;
const STEPS = 20;

/** Calls `then` once each of the elements stood there; they need not at the same time. */
export function whenSeen(elements, then) {
  const left = new Set(elements);
  if (!left.size) then();
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting, intersectionRatio, intersectionRect, boundingClientRect } of entries) {
        const tall = intersectionRect.height >= TALL_PX && intersectionRect.width >= UNCUT * boundingClientRect.width;
        if (!isIntersecting || !left.has(target) || !(intersectionRatio >= UNCUT || tall)) continue;
        left.delete(target);
        observer.unobserve(target);
        if (!left.size) then();
      }
    },
    { threshold: Array.from({ length: STEPS + 1 }, (_, step) => step / STEPS) },
  );
  for (const element of left) observer.observe(element);
}
