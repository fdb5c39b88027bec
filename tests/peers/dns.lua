-- dig, host, glibc and dnsmasq ask our name server, through NATs; and our client asks dnsmasq, which says of its own
-- what it was told, and for the rest asks our server again.
local function lines(text)
  local found = {}
  for line in text:gmatch "[^\n]+" do found[#found + 1] = line end
  return found
end

local function has(text, part)
  expect(text:find(part, 1, true) and part or text):is(part)
end

return {
  title  = "Name servers and their clients that nobody here wrote, against ours",
  needs  = "live",
  params = { printer = "11.9.9.9" },
  twins  = { { set = { printer = "11.9.9.8" }, fails = "expected 11.9.9.8, got 11.9.9.9" } },

  world = function ()
    local many = net { nat = "full-cone", subnet = "192.168.2.0/24" }
    for i = 1, 30 do many["one-of-many-hosts-" .. i] = host {} end
    return {
      server   = host { services = { "dns" } },
      resolver = host {},
      home     = net { nat = "port-restricted-cone", alice = host {}, frank = host { dns = "resolver" } },
      mobile   = net { nat6 = "nat64", bob = host {} },
      many     = many,
    }
  end,

  run = function (w, p)
    local function dig(from, ...)
      return from:exec({ "dig", "+time=2", "+tries=1", ... }).stdout
    end

    -- dig, from behind a NAT, of the server in its resolv.conf.
    expect(dig(w.alice, "+short", "alice.home.lab")):is(w.home.address .. "\n")
    expect(dig(w.alice, "+short", "+search", "server")):is(w.server.address .. "\n")
    expect(dig(w.alice, "+short", "server.lab", "AAAA")):is(w.server.address6 .. "\n")
    expect(dig(w.alice, "+short", "-x", w.server.address)):is "server.lab.\n"
    expect(dig(w.alice, "+short", "-x", w.server.address6)):is "server.lab.\n"
    expect(dig(w.alice, "+tcp", "+short", "alice.home.lab")):is(w.home.address .. "\n")
    has(dig(w.alice, "nobody.lab"), "status: NXDOMAIN")
    has(dig(w.alice, "nobody.lab"), "server.lab. nobody.lab. 1 10 10 10 10")
    has(dig(w.alice, "alice.home.lab", "AAAA"), "ANSWER: 0, AUTHORITY: 1")
    has(dig(w.alice, "+edns=1", "+noednsnegotiation", "server.lab"), "status: BADVERS")
    has(dig(w.alice, "-c", "CH", "-t", "TXT", "version.bind"), "status: REFUSED")
    has(dig(w.alice, "+opcode=2", "server.lab"), "status: NOTIMP")

    -- All the names there are: cut in a datagram, whole by TCP, which dig turns to by itself.
    has(dig(w.alice, "+ignore", "+noedns", "lab", "PTR"), "flags: qr aa tc rd ra")
    expect(#lines(dig(w.alice, "+short", "lab", "PTR"))):is(38)

    -- bind9-host and glibc, whose search list leads alice.home to alice.home.lab, too.
    has(w.alice:exec({ "host", "many.lab" }).stdout, "many.lab has address " .. w.many.address)
    expect(w.alice:exec({ "getent", "ahostsv4", "alice.home.lab" }).stdout:match "^%S+"):is(w.home.address)
    expect(w.alice:exec({ "getent", "ahostsv4", "one-of-many-hosts-7.many" }).stdout:match "^%S+"):is(w.many.address)
    expect(w.alice:exec({ "getent", "hosts", "not.there" }).status):is(2)

    -- A host that has IPv6 alone: what it is told of leads through its NAT64 (RFC 6147).
    expect(w.bob:exec({ "getent", "ahostsv6", "many.lab" }).stdout:match "^%S+"):is "64:ff9b::b02:102"
    expect(dig(w.bob, "+short", "ipv4only.arpa", "AAAA")):is "64:ff9b::c000:aa\n64:ff9b::c000:ab\n"
    expect(dig(w.bob, "+short", "-x", "64:ff9b::b02:102")):is "many.lab.\n"
    expect(dig(w.bob, "+short", "+dnssec", "+cdflag", "many.lab", "AAAA")):is ""

    -- dnsmasq, which asks our server for what it does not know itself.
    local dnsmasq = { "dnsmasq", "--keep-in-foreground", "--no-resolv", "--no-hosts", "--user=root", "--pid-file=",
      "--log-facility=-", "--edns-packet-max=512", "--server=" .. w.server.address, "--local=/office/",
      "--host-record=printer.office,11.9.9.9,2b00:9::9", "--cname=laser.office,printer.office", ready = 53 }
    for i = 1, 60 do dnsmasq[#dnsmasq + 1] = "--host-record=many.office,11.9.8." .. i end
    w.resolver:start(dnsmasq)
    local at = { server = w.resolver }
    local with = function (more) more.server = w.resolver return more end
    expect(w.alice:resolve("printer.office", at)[1]):is(p.printer)
    expect(w.alice:resolve("laser.office", at)[1]):is(p.printer)           -- by a CNAME
    expect(w.alice:resolve("printer.office", with { type = "AAAA" })[1]):is "2b00:9::9"
    expect(w.alice:resolve("11.9.9.9", at)[1]):is "printer.office"
    expect(select(2, w.alice:resolve("scanner.office", at))):is "no such name"
    expect(w.alice:resolve("printer.office", with { tcp = true }).transport):is "tcp"
    local all = w.alice:resolve("many.office", at)                         -- cut, and asked for again
    expect(#all):is(60)
    expect(all.transport):is "tcp"
    expect(w.alice:resolve("alice.home.lab", at)[1]):is(w.home.address)    -- from our server, through it
    expect(select(2, w.alice:resolve("nobody.lab", at))):is "no such name"

    -- A host that is told of it asks it.
    expect(w.frank:exec({ "getent", "ahostsv4", "laser.office" }).stdout:match "^%S+"):is(p.printer)
    expect(w.server):saw("udp port 53 and src host " .. w.resolver.address)
  end,
}
