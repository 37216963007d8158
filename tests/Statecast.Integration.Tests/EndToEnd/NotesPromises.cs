using Xunit;

namespace Statecast.Integration.Tests.EndToEnd;

/// <summary>What a source and its targets are held to on every carrier, and how they are written to so that it means something.</summary>
internal static class NotesPromises
{
    /// <summary>A replica's rows.</summary>
    public const string Rows = "\"statecast_rows.e2e.note.v1\"";

    private const string Captured = """
        SELECT h.key, h.revision, n.Text FROM source.statecast_head h JOIN source.Notes n ON n.Id = CAST(h.key AS INTEGER)
        WHERE h.contract = 'e2e.note' AND NOT h.deleted
        """;

    private const string Held = $"SELECT key, revision, json_extract(CAST(body AS TEXT), '$.text') FROM {Rows} WHERE NOT deleted";

    /// <summary>Changes a note: notes are added, changed and removed in turns.</summary>
    public static void Change(NotesDb db, int id, int number)
    {
        if (db.Notes.Find(id) is not { } note)
            db.Add(new Note { Id = id, Text = $"{number}" });
        else if (number % 7 == 0)
            db.Remove(note);
        else
            note.Text = $"{number}";
    }

    /// <summary>How many events wait at the source.</summary>
    public static long Unsent(NotesShop shop) => shop.Number("notes.db", "SELECT count(*) FROM statecast_outbox");

    /// <summary>Brings a fault about while writes go on.</summary>
    public static async Task UnderLoadAsync(Func<Task> write, Func<Task> fault)
    {
        using var stop = new CancellationTokenSource();
        var writing = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
                await write();
        });
        var coming = fault();
        try
        {
            // Without load nothing may ever come of it.
            if (await Task.WhenAny(coming, writing) == writing)
                await writing;
            await coming;
        }
        finally
        {
            await stop.CancelAsync();
            await writing;
        }
    }

    /// <summary>Replicas equal the source's heads by revision and deletion, and there are deleted ones.</summary>
    public static void RequireHeads(NotesShop shop, params ReadOnlySpan<string> files)
    {
        const string Heads = "SELECT key, revision, deleted FROM source.statecast_head WHERE contract = 'e2e.note' AND revision > 0";
        const string Held = $"SELECT key, revision, deleted FROM {Rows}";
        var attached = $"ATTACH '{shop.Database}' AS source;";
        foreach (var file in files)
        {
            Assert.Equal(0, shop.Number(file, $"{attached} SELECT count(*) FROM ({Heads} EXCEPT {Held})"));
            Assert.Equal(0, shop.Number(file, $"{attached} SELECT count(*) FROM ({Held} EXCEPT {Heads})"));
        }
        Assert.True(shop.Number(files[0], $"SELECT count(*) FROM ({Held}) WHERE deleted") > 0, "Nothing was deleted.");
    }

    /// <summary>Replicas equal the source's rows by key, revision and text, both ways: by the files alone.</summary>
    public static void RequireRows(NotesShop shop, params ReadOnlySpan<string> files)
    {
        foreach (var file in files)
        {
            Assert.Equal(0, Differences(shop, file));
            var notes = shop.Number("notes.db", "SELECT count(*) FROM Notes");
            Assert.Equal(notes, shop.Number(file, $"ATTACH '{shop.Database}' AS source; SELECT count(*) FROM ({Captured})"));
            Assert.Equal(notes, shop.Number(file, $"SELECT count(*) FROM {Rows} WHERE NOT deleted"));
            Assert.Equal(notes, shop.Number(file, "SELECT keys FROM statecast_replica"));
        }
    }

    /// <summary>How many rows the source has otherwise than a replica, or the replica otherwise than the source.</summary>
    public static long Differences(NotesShop shop, string file) =>
        shop.Number(
            file,
            $"""
            ATTACH '{shop.Database}' AS source;
            SELECT (SELECT count(*) FROM ({Captured} EXCEPT {Held})) + (SELECT count(*) FROM ({Held} EXCEPT {Captured}))
            """
        );
}
