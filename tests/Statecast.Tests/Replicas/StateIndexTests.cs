using Statecast.Replicas;
using Statecast.Tests.Hosting;
using Xunit;

namespace Statecast.Tests.Replicas;

/// <summary>Entries and queries meet by text: equal values must have one, whether they travelled or not.</summary>
public sealed class StateIndexTests
{
    private static readonly DateTime Noon = new DateTime(2026, 3, 1, 12, 0, 0, DateTimeKind.Utc).AddMicroseconds(123_456);

    [Fact]
    public void Instants_are_equal_in_utc_and_to_microseconds()
    {
        var utc = TextOf(new DateTimeOffset(Noon));
        Assert.Equal("2026-03-01T12:00:00.1234560Z", utc);
        Assert.Equal(utc, TextOf(new DateTimeOffset(Noon.AddTicks(7)).ToOffset(TimeSpan.FromHours(-5.5))));
        Assert.NotEqual(utc, TextOf(new DateTimeOffset(Noon.AddMicroseconds(1))));
        Assert.NotEqual(TextOf(DateTimeOffset.MinValue), TextOf(DateTimeOffset.MaxValue));
    }

    [Fact]
    public void Times_of_each_kind_are_the_instants_that_they_mean()
    {
        var utc = TextOf(Noon);
        Assert.Equal(utc, TextOf(DateTime.SpecifyKind(Noon.AddTicks(9), DateTimeKind.Unspecified)));
        Assert.Equal(utc, TextOf(Noon.ToLocalTime()));
        Assert.NotEqual(TextOf(DateTime.MinValue), TextOf(DateTime.MaxValue));
    }

    [Fact]
    public void Durations_and_times_of_day_are_cut_as_in_a_body()
    {
        Assert.Equal(TextOf(TimeSpan.FromMicroseconds(1)), TextOf(new TimeSpan(19)));
        Assert.Equal(TextOf(TimeSpan.FromMicroseconds(-1)), TextOf(new TimeSpan(-19)));
        Assert.Equal(TextOf(TimeSpan.Zero), TextOf(new TimeSpan(-9)));
        Assert.NotEqual(TextOf(TimeSpan.FromHours(1)), TextOf(TimeSpan.FromHours(-1)));
        Assert.Equal(TextOf(new TimeOnly(10)), TextOf(new TimeOnly(19)));
        Assert.NotEqual(TextOf(new TimeOnly(10)), TextOf(new TimeOnly(20)));
    }

    [Fact]
    public void Numbers_are_equal_at_any_scale()
    {
        Assert.Equal("1.5", TextOf(1.50m));
        Assert.Equal("-100", TextOf(-100.00m));
        Assert.Equal("0", TextOf(-0.000m));
        Assert.Equal("0.0000000000000000000000000001", TextOf(0.0000000000000000000000000001m));
        Assert.Equal("79228162514264337593543950335", TextOf(decimal.MaxValue));
        Assert.Equal("7.9228162514264337593543950335", TextOf(7.9228162514264337593543950335m));
        Assert.Equal(TextOf(0d), TextOf(-0d));
        Assert.Equal(TextOf(0f), TextOf(-0f));
    }

    [Fact]
    public void Other_values_keep_their_text()
    {
        Assert.Equal("a", TextOf("a"));
        Assert.Equal("-3", TextOf(-3));
        Assert.Equal("0", TextOf(0));
        Assert.Equal("2026-03-01", TextOf(DateOnly.FromDateTime(Noon)));
        Assert.Equal("Sunday", TextOf(DayOfWeek.Sunday));
        Assert.Equal("True", TextOf(true));
        Assert.Equal("0.1", TextOf(0.1d));
    }

    private static string TextOf<TValue>(TValue value)
        where TValue : notnull => StateIndex<NoteState, TValue>.TextOf(value);
}
