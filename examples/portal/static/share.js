// Passing a code on: the device's own share sheet where there is one, else copying; each is told to the portal.

const place = document.getElementById("passing-on");

if (place) {
  const { code, token, title, text, url, copied } = place.dataset;
  const answer = document.getElementById("share-answer");
  const button = (means) => place.querySelector(`[data-share="${means}"]`);

  const tell = async (means) => {
    const told = await fetch("/me/share", {
      method: "POST",
      headers: { Accept: "application/json" },
      body: new URLSearchParams({ token, code, means }),
      keepalive: true,
    });
    if (told.ok) document.getElementById("sent").textContent = (await told.json()).sent;
  };

  if (navigator.share) {
    button("app").hidden = false;
    button("app").addEventListener("click", async () => {
      try {
        await navigator.share({ title, text, url });
      } catch {
        return; // the person thought better of it
      }
      await tell("app");
    });
  }

  if (navigator.clipboard) {
    button("link").hidden = false;
    button("link").addEventListener("click", async () => {
      await navigator.clipboard.writeText(`${text}\n${url}`);
      answer.textContent = copied;
      await tell("link");
    });
  }

  for (const means of ["e-mail", "sms"]) button(means).addEventListener("click", () => tell(means));

  button("qr").addEventListener("toggle", () => tell("qr"), { once: true });
}
