-- A multicast reaches everybody at home who listens, and nobody beyond the router. A broadcast reaches all of them.
return {
  title  = "Broadcast and multicast stay in the LAN",
  params = { group = "239.255.255.250" },

  world = function ()
    return {
      outside = host {},
      home    = net { nat = "full-cone", alice = host {}, bob = host {}, carol = host {} },
    }
  end,

  run = function (w, p)
    local bob = w.bob:udp { port = 1900, group = p.group }
    local carol = w.carol:udp { port = 1900, broadcast = true }
    local alice = w.alice:udp { broadcast = true }

    alice:send("M-SEARCH", "239.255.255.250:1900")
    expect((bob:recv { within = "1s" })):is "M-SEARCH"
    alice:send("hello, all", "192.168.1.255:1900")
    expect((carol:recv { within = "1s" })):is "hello, all"
    expect(w.home.lan):saw("dst host 239.255.255.250")
    expect(w.home.wan):saw_nothing("udp")
    expect(w.outside):saw_nothing("udp")
  end,

  twins = { { set = { group = "239.1.2.3" }, fails = "expected M-SEARCH, got nil" } },
}
