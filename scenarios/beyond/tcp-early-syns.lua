-- A SYN that comes before the other side's NAT expects it may be dropped, held, or refused with RST or ICMP; and where
-- a refusal comes back, the sender's own NAT may forget what the SYN had opened, as Linux does at a RST. Each way to
-- punch copes differently: again and again, or by a SYN that dies on the way, so that nobody is there to refuse it.
local methods = { "tcp-punch", "tcp-punch-low-ttl", "tcp-stunt-2", "tcp-sequential" }

return {
  title  = "TCP hole punching against NATs that drop, hold or refuse an early SYN",
  params = {
    base = "linux-masquerade-input-drop",
    a = { "drop", "rst", "icmp", "hold" },
    b = { "drop", "rst", "icmp", "hold" },
  },

  world = function (p)
    local function nat(unsolicited)
      return { base = p.base, tcp = { unsolicited = unsolicited, out_of_window = true } }
    end
    return {
      server = host { services = { "rendezvous" } },
      home_a = net { nat = nat(p.a), alice = host { link = { delay = "2ms" } } },
      home_b = net { nat = nat(p.b), bob = host { link = { delay = "2ms" } } },
    }
  end,

  run = function (w, p)
    for _, method in ipairs(methods) do
      -- Its only SYN meets the caller's NAT, and a RST from there ends what it had opened.
      local forgotten = method == "tcp-sequential" and p.a == "rst"
      -- Where that goes for both sides, SYNs must be on their way at the same time: a matter of luck.
      local luck = method == "tcp-punch" and p.a == "rst" and p.b == "rst"
      local call = connect(w.alice, w.bob, { via = w.server, try = { method }, attempt = "1500ms" })
      call:talk { frames = 5, every = "5ms" }
      if not luck then expect(call.method):is(forgotten and "none" or method) end
    end
  end,

  twins = { { set = { base = "symmetric-random" }, fails = "expected tcp-punch, got none" } },
}
