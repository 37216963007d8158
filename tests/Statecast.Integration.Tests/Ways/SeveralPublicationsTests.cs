using System.Collections.Immutable;
using Microsoft.EntityFrameworkCore;
using Statecast.Contracts;
using Statecast.EntityFrameworkCore;
using Xunit;

namespace Statecast.Integration.Tests.Ways;

/// <summary>One entity is the root of several publications: each has its own aggregate, predicate, heads and revisions.</summary>
public sealed class SeveralPublicationsTests : IAsyncLifetime
{
    private WayWorld<JobDb> _world = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await WayWorld<JobDb>.CreateAsync(db =>
        {
            db.Publish<Job, JobState>(j => j.State());
            db.Publish<Job, OpenJobState>(j => j.Open()).Except(j => j.Steps).Where(j => j.IsOpen);
        });
        await _world.SaveAsync(db =>
            db.AddRange(
                new Job
                {
                    Id = 1,
                    IsOpen = true,
                    Steps = [new() { Id = 1 }],
                },
                new Job
                {
                    Id = 2,
                    IsOpen = false,
                    Steps = [new() { Id = 2 }],
                }
            )
        );
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public void Insert_is_captured_for_each_that_matches()
    {
        Assert.Equal(("U1", "U1"), Stories(1));
        Assert.Equal(("U1", ""), Stories(2));
        AssertCapturedEqualsRows();
    }

    [Fact]
    public async Task Child_reaches_only_the_aggregate_that_has_it()
    {
        await _world.SaveAsync(db => db.Set<JobStep>().Single(s => s.Id == 1).Text = "changed");
        Assert.Equal(("U1,U2", "U1"), Stories(1));
        await _world.SaveAsync(db => db.Set<JobStep>().Single(s => s.Id == 1).JobId = 2);
        Assert.Equal(("U1,U2,U3", "U1"), Stories(1));
        Assert.Equal(("U1,U2", ""), Stories(2));
        AssertCapturedEqualsRows();
    }

    [Fact]
    public async Task Predicate_of_one_leaves_the_other_alone()
    {
        await _world.SaveAsync(db => db.Set<Job>().Single(j => j.Id == 1).IsOpen = false);
        await _world.SaveAsync(db => db.Set<Job>().Single(j => j.Id == 2).IsOpen = true);

        Assert.Equal(("U1,U2", "U1,D2"), Stories(1));
        Assert.Equal(("U1,U2", "U1"), Stories(2));
        AssertCapturedEqualsRows();
    }

    [Fact]
    public async Task Change_that_only_one_state_shows_is_published_by_that_one()
    {
        await _world.SaveAsync(db => db.Set<Job>().Single(j => j.Id == 1).Note = "internal");
        Assert.Equal(("U1,U2", "U1"), Stories(1));
        AssertCapturedEqualsRows();
    }

    [Fact]
    public async Task Save_gives_the_token_of_each()
    {
        await using var db = _world.Open();
        var job = await db.Set<Job>().SingleAsync(j => j.Id == 1);
        (job.Name, job.Note) = ("renamed", "x");
        await db.SaveChangesAsync();
        job.Note = "y";
        await db.SaveChangesAsync();

        Assert.Equal((3, 2), (db.StateToken<JobState>(1).Revision.Number, db.StateToken<OpenJobState>(1).Revision.Number));
    }

    [Fact]
    public async Task Delete_and_republish_of_one()
    {
        await _world.SaveAsync(db => db.Remove(new Job { Id = 1 }));
        Assert.Equal(("U1,D2", "U1,D2"), Stories(1));
        _world.Sql("UPDATE Job SET Name = 'past capture', IsOpen = 1");
        await _world.RepublishAsync("ways.open-job");
        Assert.Equal(("U1", "S1"), Stories(2));
        await _world.RepublishAsync("ways.job");
        Assert.Equal(("U1,U2", "S1"), Stories(2));
        AssertCapturedEqualsRows();
    }

    private (string, string) Stories(int id) => (_world.Story("ways.job", $"{id}"), _world.Story("ways.open-job", $"{id}"));

    private void AssertCapturedEqualsRows()
    {
        _world.AssertCapturedEqualsRows(db => db.Set<Job>().AsNoTracking().Include(j => j.Steps), j => j.State());
        _world.AssertCapturedEqualsRows(db => db.Set<Job>().AsNoTracking().Where(j => j.IsOpen), j => j.Open());
    }
}

public class Job
{
    public int Id { get; set; }
    public string Name { get; set; } = "";
    public string? Note { get; set; }
    public bool IsOpen { get; set; }
    public List<JobStep> Steps { get; set; } = [];

    public JobState State() => new(Id, Name, Note, IsOpen, [.. Steps.OrderBy(s => s.Id).Select(s => s.Text)]);

    public OpenJobState Open() => new(Id, Name);
}

public class JobStep
{
    public int Id { get; set; }
    public int JobId { get; set; }
    public string Text { get; set; } = "";
}

public class JobDb(DbContextOptions<JobDb> options) : DbContext(options)
{
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Job>();
        modelBuilder.AddStatecast();
    }
}

[StateContract("ways.job")]
public sealed partial record JobState([StateKey] int Id, string Name, string? Note, bool IsOpen, ImmutableArray<string> Steps);

[StateContract("ways.open-job")]
public sealed partial record OpenJobState([StateKey] int Id, string Name);
