using System.Collections.Immutable;
using Microsoft.EntityFrameworkCore;
using Statecast.Contracts;
using Statecast.EntityFrameworkCore;
using Xunit;

namespace Statecast.Integration.Tests.Ways;

/// <summary>Parts of a row: owned in a JSON column, complex in columns, complex in a JSON column. A change of any of them is a change of the root.</summary>
public sealed class JsonAndComplexTests : IAsyncLifetime
{
    private WayWorld<SheetDb> _world = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await WayWorld<SheetDb>.CreateAsync(db => db.Publish<Sheet, SheetState>(s => s.State()));
        await _world.SaveAsync(db => db.AddRange(New(1), New(2)));
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    public static TheoryData<string, Action<Sheet>> Changes =>
        new()
        {
            { "owned JSON", s => s.Header.Title = "changed" },
            { "owned JSON, replaced", s => s.Header = new() { Title = "another", Cells = [new() { Text = "z" }] } },
            { "collection in owned JSON", s => s.Header.Cells.Add(new() { Text = "added" }) },
            { "element in owned JSON", s => s.Header.Cells[0].Text = "changed" },
            { "element gone from owned JSON", s => s.Header.Cells.RemoveAt(0) },
            { "complex property", s => s.Price.Amount = 17 },
            { "complex value type", s => s.Size = new(7, 8) },
            { "nested complex property", s => s.Price.Tax.Percent = 7 },
            { "complex JSON", s => s.Style.Font = "changed" },
            { "collection in complex JSON", s => s.Style.Colours = [.. s.Style.Colours, "blue"] },
            { "complex collection", s => s.Marks.Add(new() { Text = "added" }) },
            { "element of a complex collection", s => s.Marks[1].Text = "changed" },
            { "order of a complex collection", s => s.Marks.Reverse() },
            { "complex collection, emptied", s => s.Marks.Clear() },
        };

    [Theory(DisableDiscoveryEnumeration = true), MemberData(nameof(Changes))]
    public async Task Change_within_the_row_is_captured(string what, Action<Sheet> change)
    {
        await _world.SaveAsync(db => change(db.Set<Sheet>().Single(s => s.Id == 1)));

        Assert.True(_world.Story("ways.sheet", "1") == "U1,U2", $"{what}: {_world.Story("ways.sheet", "1")}");
        Assert.Equal("U1", _world.Story("ways.sheet", "2"));
        AssertCapturedEqualsRows();
    }

    [Fact]
    public async Task Child_that_is_changed_alone_carries_the_parts_of_its_root()
    {
        await _world.SaveAsync(db => db.Set<Remark>().Single(r => r.SheetId == 1).Text = "changed");
        await _world.SaveAsync(db => db.Set<Remark>().Single(r => r.SheetId == 1).SheetId = 2);

        Assert.Equal(("U1,U2,U3", "U1,U2"), (_world.Story("ways.sheet", "1"), _world.Story("ways.sheet", "2")));
        AssertCapturedEqualsRows();
    }

    [Fact]
    public async Task Delete_and_republish()
    {
        await _world.SaveAsync(db => db.Remove(db.Set<Sheet>().Single(s => s.Id == 1)));
        _world.Sql("""UPDATE Sheet SET Style = '{"Font":"past capture","Colours":[]}', Header = '{"Title":"past capture","Cells":[]}'""");
        await _world.RepublishAsync("ways.sheet");

        Assert.Equal(("U1,D2,D2", "U1,U2"), (_world.Story("ways.sheet", "1"), _world.Story("ways.sheet", "2")));
        AssertCapturedEqualsRows();
    }

    private void AssertCapturedEqualsRows() =>
        _world.AssertCapturedEqualsRows(db => db.Set<Sheet>().AsNoTracking().Include(s => s.Remarks), s => s.State());

    private static Sheet New(int id) =>
        new()
        {
            Id = id,
            Header = new() { Title = "t", Cells = [new() { Text = "a" }, new() { Text = "b" }] },
            Price = new()
            {
                Amount = 5,
                Tax = new() { Percent = 19 },
            },
            Size = new(2, 3),
            Style = new() { Font = "serif", Colours = ["red", "green"] },
            Marks = [new() { Text = "x" }, new() { Text = "y" }],
            Remarks = [new() { Id = id, Text = "r" }],
        };
}

public class Sheet
{
    public int Id { get; set; }
    public SheetHeader Header { get; set; } = new();
    public SheetPrice Price { get; set; } = new();
    public SheetSize Size { get; set; }
    public SheetStyle Style { get; set; } = new();
    public List<SheetMark> Marks { get; set; } = [];
    public List<Remark> Remarks { get; set; } = [];

    public SheetState State() =>
        new(
            Id,
            $"{Header.Title}: {string.Join(' ', Header.Cells.Select(c => c.Text))}",
            Price.Amount,
            Price.Tax.Percent,
            $"{Size.Width}×{Size.Height}",
            $"{Style.Font}: {string.Join(' ', Style.Colours)}",
            [.. Marks.Select(m => m.Text)],
            [.. Remarks.OrderBy(r => r.Id).Select(r => r.Text)]
        );
}

public class SheetHeader
{
    public string Title { get; set; } = "";
    public List<SheetCell> Cells { get; set; } = [];
}

public class SheetCell
{
    public string Text { get; set; } = "";
}

public class SheetPrice
{
    public int Amount { get; set; }
    public SheetTax Tax { get; set; } = new();
}

public class SheetTax
{
    public int Percent { get; set; }
}

public readonly record struct SheetSize(int Width, int Height);

public class SheetStyle
{
    public string Font { get; set; } = "";
    public List<string> Colours { get; set; } = [];
}

public class SheetMark
{
    public string Text { get; set; } = "";
}

public class Remark
{
    public int Id { get; set; }
    public int SheetId { get; set; }
    public string Text { get; set; } = "";
}

public class SheetDb(DbContextOptions<SheetDb> options) : DbContext(options)
{
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Sheet>(e =>
        {
            e.OwnsOne(
                s => s.Header,
                h =>
                {
                    h.ToJson();
                    h.OwnsMany(x => x.Cells);
                }
            );
            e.ComplexProperty(s => s.Price, p => p.ComplexProperty(x => x.Tax));
            e.ComplexProperty(s => s.Size);
            e.ComplexProperty(s => s.Style, s => s.ToJson());
            e.ComplexCollection(s => s.Marks, m => m.ToJson());
        });
        modelBuilder.AddStatecast();
    }
}

[StateContract("ways.sheet")]
public sealed partial record SheetState(
    [StateKey] int Id,
    string Header,
    int Amount,
    int Tax,
    string Size,
    string Style,
    ImmutableArray<string> Marks,
    ImmutableArray<string> Remarks
);
