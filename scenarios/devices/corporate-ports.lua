-- What a company lets out, port by port. Where it is nothing at all, no call can be made.
return {
  title  = "Corporate firewalls: what goes out",
  claims = { "SKA-11", "SKB-14" },
  params = { nat = { "corporate-80-443", "corporate-443", "corporate-proxy-only" } },

  world = function (p)
    return {
      server = host { services = { "echo" } },
      office = net { nat = p.nat, alice = host {} },
    }
  end,

  run = function (w, p)
    local lets_out = { ["corporate-80-443"] = "80 443", ["corporate-443"] = "443" }
    local out = {}
    for _, port in ipairs { 80, 443, 5190 } do
      w.server:listen { port = port }
      if w.alice:tcp { to = w.server:at(port), within = "500ms" } then
        table.insert(out, port)
      end
    end
    expect(#out == 0 and "nothing" or table.concat(out, " ")):is(lets_out[p.nat] or "nothing")

    local alice = w.alice:udp()
    alice:send("hello", w.server:at(7))
    expect((alice:recv { within = "200ms" })):is(nil)
    expect(w.office.wan):saw_nothing "tcp dst port 5190 or udp"
  end,

  twins = { { set = { nat = "linksys-befsr41" }, fails = "expected nothing, got 80 443 5190" } },
}
