using Shop.Orders;

namespace Shop.Load;

/// <summary>
/// What all customers do, decided by the seed alone: the orders that stand in the database before Statecast is added, and one script of requests per order.
/// Scripts of different orders may run in any order; the steps of one script follow each other.
/// </summary>
/// <param name="seed">Decides everything.</param>
/// <param name="orders">How many orders are placed through the HTTP API.</param>
internal sealed class Workload(int seed, int orders)
{
    private static readonly string[] FirstNames =
    [
        "Ada",
        "Bjørn",
        "Chloë",
        "Dörte",
        "Émile",
        "Fatma",
        "Γιώργος",
        "Hiroshi",
        "Ирина",
        "José",
    ];
    private static readonly string[] LastNames = ["Andersson", "Müller", "O'Neill", "Peña", "Şahin", "Šimek", "田中", "van der Berg"];
    private static readonly string[] Streets = ["High Street", "Hauptstraße", "Rue de l'Église", "Calle Mayor", "Ulica Długa"];
    private static readonly (string City, string Country)[] Cities =
    [
        ("Wien", "AT"),
        ("Zürich", "CH"),
        ("Köln", "DE"),
        ("Sevilla", "ES"),
        ("Orléans", "FR"),
        ("Łódź", "PL"),
    ];
    private static readonly string[] Goods = ["lamp", "chair", "kettle", "scarf", "radio", "atlas", "clock", "paint", "spade", "tea"];
    private static readonly DateTimeOffset Before = new(2024, 3, 1, 8, 0, 0, TimeSpan.Zero);

    /// <summary>Customers; all of them are older than Statecast.</summary>
    public int CustomerCount { get; } = 10 + orders / 20;

    /// <summary>Orders that are older than Statecast.</summary>
    public int HistoryCount { get; } = 10 + orders / 5;

    /// <summary>All scripts: of old orders, of new ones, of customers.</summary>
    public IEnumerable<IReadOnlyList<Step>> Scripts()
    {
        for (var i = 0; i < HistoryCount; i++)
            yield return FollowUp(Dice.For(seed, "follow-up", i), HistoricOrder(i));
        for (var i = 0; i < orders; i++)
            yield return NewOrder(i);
        for (var i = 0; i < CustomerCount; i++)
            yield return CustomerChanges(i);
    }

    /// <summary>A customer as the database has it from the start.</summary>
    public Customer HistoricCustomer(int index)
    {
        var dice = Dice.For(seed, "customer", index);
        var name = NameFrom(dice);
        return new()
        {
            Id = CustomerId(index),
            Name = name,
            Email = $"customer{index}@example.org",
            WantsMail = dice.Chance(0.8),
            InternalRemark = dice.Chance(0.1) ? "calls often" : null,
        };
    }

    /// <summary>An order as the database has it from the start.</summary>
    public Order HistoricOrder(int index)
    {
        var dice = Dice.For(seed, "historic order", index);
        var placedAt = Before.AddMinutes(index * 7);
        var order = new Order(dice.NextGuid(), CustomerId(dice.Next(CustomerCount)), placedAt, AddressFrom(dice)) { Note = NoteFrom(dice) };
        order.Take(LinesFrom(dice));
        var fate = dice.NextDouble();
        if (fate < 0.7)
            order.Pay(placedAt.AddHours(2));
        if (fate < 0.5)
            order.Ship($"OLD-{index:D6}");
        if (fate > 0.9)
            order.Cancel();
        return order;
    }

    private static List<Step> FollowUp(Random dice, Order order)
    {
        var script = new List<Step>();
        if (dice.Chance(0.5))
            return script;
        if (order.Status == Contracts.OrderStatus.Cancelled)
            script.Add(Remove(order.Id));
        if (order.Status == Contracts.OrderStatus.Placed)
            script.Add(dice.Chance(0.7) ? Pay(order.Id) : Cancel(order.Id));
        if (order.Status == Contracts.OrderStatus.Paid)
            script.Add(Ship(order.Id, dice));
        return script;
    }

    private List<Step> NewOrder(int index)
    {
        var dice = Dice.For(seed, "order", index);
        var id = dice.NextGuid();
        var lines = LinesFrom(dice);
        List<Step> script =
        [
            new(
                StepKind.Place,
                id,
                HttpMethod.Post,
                "orders",
                new PlaceOrder(id, CustomerId(dice.Next(CustomerCount)), AddressFrom(dice), NoteFrom(dice), lines)
            ),
        ];
        while (dice.Chance(0.3))
            script.Add(Change(id, dice, lines.Count));
        if (dice.Chance(0.15))
            script.Add(new(StepKind.Change, id, HttpMethod.Put, $"orders/{id}/lines", new ChangeOrder(LinesFrom(dice))));
        if (dice.Chance(0.8))
            script.Add(Pay(id));
        var cancelled = dice.Chance(0.12);
        if (cancelled)
            script.Add(Cancel(id));
        if (cancelled && dice.Chance(0.5))
            script.Add(Remove(id));
        if (!cancelled && script[^1].Kind == StepKind.Pay && dice.Chance(0.85))
            script.Add(Ship(id, dice));
        return script;
    }

    private List<Step> CustomerChanges(int index)
    {
        var dice = Dice.For(seed, "customer change", index);
        var script = new List<Step>();
        while (dice.Chance(0.4))
            script.Add(
                new(
                    StepKind.ChangeCustomer,
                    CustomerId(index),
                    HttpMethod.Put,
                    $"customers/{CustomerId(index)}",
                    new ChangeCustomer(NameFrom(dice), $"customer{index}.{script.Count}@example.org", dice.Chance(0.8))
                )
            );
        return script;
    }

    private Guid CustomerId(int index) => Dice.For(seed, "customer id", index).NextGuid();

    private static Step Change(Guid id, Random dice, int lines) =>
        new(
            StepKind.Change,
            id,
            HttpMethod.Put,
            $"orders/{id}/lines/{1 + dice.Next(lines)}/quantity",
            new ChangeQuantity(1 + dice.Next(20))
        );

    private static Step Pay(Guid id) => new(StepKind.Pay, id, HttpMethod.Post, $"orders/{id}/payment");

    private static Step Ship(Guid id, Random dice) =>
        new(StepKind.Ship, id, HttpMethod.Post, $"orders/{id}/shipment", new ShipOrder($"SHIP-{dice.Next():X8}"));

    private static Step Cancel(Guid id) => new(StepKind.Cancel, id, HttpMethod.Post, $"orders/{id}/cancellation");

    private static Step Remove(Guid id) => new(StepKind.Remove, id, HttpMethod.Delete, $"orders/{id}");

    private static List<NewLine> LinesFrom(Random dice)
    {
        var lines = new List<NewLine>();
        do lines.Add(new($"{dice.Pick(Goods)}-{dice.Next(100):D2}", 1 + dice.Next(5), dice.Next(1, 50_000) / 100m));
        while (lines.Count < 12 && dice.Chance(0.6));
        return lines;
    }

    private static Address AddressFrom(Random dice)
    {
        var (city, country) = dice.Pick(Cities);
        return new(NameFrom(dice), $"{dice.Pick(Streets)} {1 + dice.Next(200)}", city, country);
    }

    private static string NameFrom(Random dice) => $"{dice.Pick(FirstNames)} {dice.Pick(LastNames)}";

    private static string? NoteFrom(Random dice) => dice.Chance(0.1) ? "Please ring twice.\nThe bell is \"broken\" 🔔" : null;
}
