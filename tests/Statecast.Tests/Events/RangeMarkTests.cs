using System.Text;
using Statecast.Events;
using Statecast.Publishing;
using Xunit;

namespace Statecast.Tests.Events;

/// <summary>Range marks as JSON.</summary>
public sealed class RangeMarkTests
{
    private static readonly RangeMark Mark = new(new("11111111-2222-3333-4444-555555555555"), new BucketRange(64, 127), 9_876_543_210);

    [Fact]
    public void Mark_comes_back_as_it_was() => Assert.Equal(Mark, RangeMark.Read(Mark.Write()));

    [Fact]
    public void Mark_is_written_as_the_wire_page_says() =>
        Assert.Equal(
            """{"run":"11111111-2222-3333-4444-555555555555","first":64,"last":127,"cut":9876543210}""",
            Encoding.UTF8.GetString(Mark.Write())
        );

    [Fact]
    public void Begin_and_end_have_keys_of_their_own()
    {
        Assert.Equal("begin 64-127 of 11111111222233334444555555555555", Mark.KeyOf(StateOperation.RangeBegin));
        Assert.Equal("end 64-127 of 11111111222233334444555555555555", Mark.KeyOf(StateOperation.RangeEnd));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"run":"x","first":0,"last":1,"cut":1}""")]
    [InlineData("""{"run":"11111111-2222-3333-4444-555555555555","first":0,"last":1}""")]
    [InlineData("""{"run":"11111111-2222-3333-4444-555555555555","first":0,"last":1,"cut":-1}""")]
    [InlineData("""{"run":"11111111-2222-3333-4444-555555555555","first":5,"last":4,"cut":1}""")]
    [InlineData("""{"run":"11111111-2222-3333-4444-555555555555","first":0,"last":4096,"cut":1}""")]
    public void What_is_no_mark_is_refused(string json) =>
        Assert.Throws<FormatException>(() => RangeMark.Read(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void Long_body_is_refused_unread() =>
        Assert.Throws<FormatException>(() => RangeMark.Read([.. Mark.Write(), .. new byte[RangeMark.MaxBytes].Select(_ => (byte)' ')]));
}
